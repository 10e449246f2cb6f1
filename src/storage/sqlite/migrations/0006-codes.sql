-- breaking
-- The codes of streams' newest changes: what an index needs of them, in a few bytes. Derived, kept some time after the
-- changes, and made anew by whoever builds an index without them. An older version would leave them where it erases.

-- What a change says, where no address stands but by its mark. Rows differ in length and pages are split, which can leave
-- copies of what was deleted since (docs/erasure.md). To blank a row before it is deleted would change nothing in those,
-- and SQLite blanks the row itself. A code counts for as long as its position is the stream's head.
CREATE TABLE code (
  stream INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  said BLOB NOT NULL
) STRICT;

-- Whose change it is: 12 bytes that tell a subject. So that nothing ever makes a copy of them, all rows are equally long;
-- they are only added behind the last one, all zeros, and written and erased where they stand.
CREATE TABLE name (
  stream INTEGER PRIMARY KEY,
  name BLOB NOT NULL
) STRICT;
