import type { StorageFault } from "../service/inspection.ts";

/** Something of a schema that is not as the migrations make it. */
export interface SchemaDifference {
  /** A table, an index, a trigger, ... */
  readonly type: string;
  readonly name: string;
  /** What makes it, or describes it, as it should be; undefined when it should not be there. */
  readonly expected: string | undefined;
  /** Whether something of this name is there. */
  readonly isThere: boolean;
}

/** In words. All but tables can be made anew without what they hold. */
export function faultOf({ type, name, expected, isThere }: SchemaDifference): StorageFault {
  const how = expected === undefined ? "should not be there" : isThere ? "is another" : "is missing";
  return { what: `the ${type} ${name} ${how}`, isDerived: !/^(table|column)$/.test(type) };
}
