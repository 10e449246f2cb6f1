/**
 * Every limit there is, by name and unit. What a sender exceeds is refused, and the refusal says so; the others bound
 * what the service itself does.
 */
export const limits = {
  /** Bytes of one request body. */
  bodyBytes: 256 * 1024,
  /** Bytes of one line of a body in NDJSON; how many lines there are does not matter. */
  lineBytes: 64 * 1024,
  /** Milliseconds within which the next line of a body in NDJSON must have arrived. */
  lineMs: 20_000,
  /** Milliseconds within which the next part of an answer that is sent line by line must be taken. */
  takenMs: 20_000,
  /** Milliseconds for which a batch, or other long work, holds the event loop at a time, roughly. */
  sliceMs: 1,
  /** Lines of a batch for which the storage is read at one time. */
  batchReads: 32,
  /** Levels of nesting in a body. */
  bodyLevels: 32,
  /** Members and list items of a JSON body, elements of an XML body. */
  bodyElements: 10_000,
  /** Characters (Unicode code points) of one text in a body. */
  textCharacters: 1000,
  /** Characters of the name of who made a change. */
  actorCharacters: 100,
  /** Characters of a Request-Tracking-Id. */
  trackingIdCharacters: 200,
  /** Bytes of a Saywhen-Evidence header. */
  evidenceBytes: 2048,
  /** Characters of a name in a Saywhen-Evidence header. */
  evidenceNameCharacters: 64,
  /** Characters of a path parameter, undecoded; an e-mail address fits. */
  pathParameterCharacters: 800,
  /** Entries on one page of a directory list when no `limit` is asked for. */
  pageEntries: 200,
  /** Entries on one page of a directory list at most. */
  largestPageEntries: 1000,
  /** Changes on one page of a history when no `limit` is asked for. */
  historyChanges: 50,
  /** Changes on one page of a history at most. */
  largestHistoryChanges: 200,
  /** Subjects on one page of those who have an address when no `limit` is asked for. */
  foundSubjects: 200,
  /** Subjects on one page of those who have an address at most. */
  largestFoundSubjects: 1000,
  /** Suppressions on one page of their list when no `limit` is asked for. */
  suppressions: 200,
  /** Suppressions on one page of their list at most. */
  largestSuppressions: 1000,
  /** Lines of many suppressions that are being recorded at once. */
  suppressionsAtOnce: 500,
  /** Milliseconds within which a request's headers must have arrived. */
  headersMs: 10_000,
  /** Milliseconds within which a whole request must have arrived. */
  requestMs: 20_000,
  /** Milliseconds for which an idle connection is kept. */
  idleConnectionMs: 65_000,
  /** Milliseconds between two looks at connections that are past their time. */
  connectionCheckMs: 1000,
  /** Milliseconds that a stop waits for the requests that were accepted. */
  stopMs: 4000,
  /** The largest id of an organisation or a user: what JSON numbers carry everywhere without loss. */
  largestId: 999_999_999_999_999,
  /** Faults of one body that are listed; the rest are counted. */
  listedFaults: 100,
  /** Characters of an unknown name that are repeated to its sender. */
  echoedCharacters: 60,
  /** Live tokens of one client; the oldest goes when one more is given out. */
  clientTokensMax: 1000,
  /** Seconds for which a token is valid. */
  tokenSeconds: 3600,
  /** Milliseconds between two looks at whether another node has changed the clients: by then a revocation holds. */
  clientsFollowMs: 1000,
  /** Milliseconds between two looks for secrets and tokens that are not known: they are shared by all who wait. */
  clientsLookMs: 50,
  /** Secrets of one client; the oldest goes when one more is made, so that one can be replaced without a gap. */
  clientSecretsMax: 2,
  /** Milliseconds by which the log's last change may be ahead of the clock before the operator is told. */
  clockBehindMs: 60_000,
  /** Writes that one transaction carries: bounds how long the event loop stands still for one. */
  groupWrites: 512,
  /** Connections that a node holds to PostgreSQL at most. */
  databaseConnections: 8,
  /** Statements that read the newest changes of many subjects, under way at one time. */
  databaseReads: 2,
  /** Milliseconds that opening a connection to PostgreSQL, or waiting for a free one, may take. */
  databaseConnectMs: 3000,
  /** Milliseconds that a read, or the append of a group of writes, may take on PostgreSQL. */
  databaseAnswerMs: 4000,
  /** Milliseconds that reads and writes wait behind others; when their turn comes later, they are sent away. */
  databaseQueueMs: 2000,
  /** Milliseconds that a read waits for a replica that is behind; then the primary is asked. */
  replicaWaitMs: 500,
  /** Milliseconds that a read on a replica may take, its wait included; then the primary is asked. */
  replicaAnswerMs: 1500,
  /** Milliseconds between two looks at a replica that was given up, to find whether it is of use again. */
  replicaPauseMs: 1000,
  /** Milliseconds that a stop waits for what PostgreSQL still does. */
  databaseCloseMs: 500,
  /** Milliseconds after which PostgreSQL vacuums once more what was erased, for rows that somebody still read. */
  scrubAgainMs: 600_000,
  /** Milliseconds that an erasure waits at most for PostgreSQL to vacuum what was erased. */
  scrubMs: 3000,
  /** Milliseconds after which a node says again that it serves. */
  nodeBeatMs: 5000,
  /** Milliseconds after which a node that was not heard of counts as gone. */
  nodeGoneMs: 15_000,
  /** Milliseconds for which an idle connection to PostgreSQL is kept. */
  databaseIdleMs: 60_000,
  /** Milliseconds within which a write whose outcome is unknown is looked for; then its sender is told so. */
  unknownOutcomeMs: 3000,
  /** Milliseconds between two looks at whether there is something to be signed that nobody has asked for. */
  checkpointMs: 10_000,
  /** Milliseconds that a stop waits for the last checkpoint to be signed and kept. */
  lastCheckpointMs: 500,
  /** Characters of log lines that wait while their output takes nothing; lines past them are dropped. */
  waitingLogCharacters: 8 * 1024 * 1024,
  /** Bytes of an audience that are found between two turns of the event loop, and that wait for a client to read them. */
  audiencePartBytes: 128 * 1024,
  /** Bytes of subjects' names whose addresses are looked up at one time for an audience. */
  audienceNamesBytes: 2048,
  /** Changes that the index takes over at once. */
  followedChanges: 512,
  /** Codes of changes that are saved at once, for the next building of the index; and those that may wait for it. */
  codesAtOnce: 1024,
  codesWaiting: 65_536,
  /** Milliseconds between two times that the index follows the log when nobody asks it. */
  indexFollowMs: 250,
  /** Milliseconds after which building the index is tried again. */
  indexRetryMs: 1000,
  /** Milliseconds for which trouble with codes is not told again. */
  troubleAgainMs: 60_000,
  /** Milliseconds between two lines on how far the building of the index is. */
  indexProgressMs: 2000,
  /** Bytes of an e-mail address (RFC 5321 §4.5.3.1.3, without the angle brackets). */
  emailAddressBytes: 254,
  /** Bytes of an e-mail address before its `@` (RFC 5321 §4.5.3.1.1). */
  emailLocalPartBytes: 64,
  /** Characters of a name in the catalogue. */
  catalogueNameCharacters: 100,
  /** Entries of one list of the catalogue; a node's labels are a list of their own. */
  catalogueListEntries: 1000,
  /** Time zones of one country in the catalogue. */
  catalogueZones: 50,
  /** Spellings of time zones whose clocks are kept at hand. */
  keptTimeZones: 1000,
  /** Instants of which it is kept by how much a zone's clocks are ahead. */
  keptOffsets: 64,
  /** Milliseconds within which an end of quiet hours is looked for. */
  quietHoursMs: 7 * 24 * 60 * 60 * 1000,
  /** YAML aliases in a catalogue's file: many would let a small file come to a very large catalogue. */
  catalogueAliases: 100,
} as const;
