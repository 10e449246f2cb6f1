import type { ProblemName } from "../domain/problem.ts";

interface Standing {
  readonly status: number;
  /** The kind's number in the organisations' contract: 108, 130 and 176 are the contract's own, ours start at 9001. */
  readonly ref: number;
}

/**
 * How each problem stands on the wire. The status is the customers' and our own API's; the organisations' contract
 * has no 422: there, whatever is wrong in a body is 400.
 */
export const standings: Readonly<Record<ProblemName, Standing>> = {
  "user-unknown": { status: 404, ref: 108 },
  "scope-missing": { status: 403, ref: 130 },
  "metadata-unknown": { status: 422, ref: 176 },
  "body-malformed": { status: 400, ref: 9001 },
  "body-missing": { status: 400, ref: 9002 },
  invalid: { status: 422, ref: 9003 },
  "limit-exceeded": { status: 422, ref: 9004 },
  "member-missing": { status: 422, ref: 9005 },
  "member-unknown": { status: 422, ref: 9006 },
  "member-repeated": { status: 422, ref: 9007 },
  "value-invalid": { status: 422, ref: 9008 },
  "text-unprintable": { status: 422, ref: 9009 },
  "category-unknown": { status: 422, ref: 9010 },
  "channel-unknown": { status: 422, ref: 9011 },
  "type-unknown": { status: 422, ref: 9012 },
  "type-misplaced": { status: 422, ref: 9013 },
  "address-invalid": { status: 422, ref: 9014 },
  "slot-repeated": { status: 422, ref: 9015 },
  "name-retired": { status: 422, ref: 9016 },
  "frequency-unknown": { status: 422, ref: 9017 },
  "module-unknown": { status: 422, ref: 9018 },
  "alert-service-unknown": { status: 422, ref: 9019 },
  "name-repeated": { status: 422, ref: 9020 },
  "id-differs": { status: 422, ref: 9021 },
  "id-taken": { status: 409, ref: 9022 },
  "email-taken": { status: 409, ref: 9023 },
  "organisation-unknown": { status: 404, ref: 9024 },
  "catalogue-invalid": { status: 422, ref: 9025 },
  "catalogue-conflict": { status: 409, ref: 9026 },
  "client-unknown": { status: 404, ref: 9027 },
  "client-taken": { status: 409, ref: 9028 },
  "header-missing": { status: 400, ref: 9029 },
  "header-invalid": { status: 400, ref: 9030 },
  "token-missing": { status: 401, ref: 9031 },
  "token-invalid": { status: 401, ref: 9032 },
  "client-mismatch": { status: 401, ref: 9033 },
  "not-found": { status: 404, ref: 9034 },
  "method-not-allowed": { status: 405, ref: 9035 },
  "not-acceptable": { status: 406, ref: 9036 },
  "precondition-failed": { status: 412, ref: 9037 },
  "body-too-large": { status: 413, ref: 9038 },
  "media-type-unsupported": { status: 415, ref: 9039 },
  "rate-exceeded": { status: 429, ref: 9040 },
  "request-malformed": { status: 400, ref: 9041 },
  "request-too-slow": { status: 408, ref: 9042 },
  "headers-too-large": { status: 431, ref: 9043 },
  "scope-invalid": { status: 422, ref: 9044 },
  "admin-last": { status: 409, ref: 9045 },
  unavailable: { status: 503, ref: 9046 },
  internal: { status: 500, ref: 9047 },
  "subject-unknown": { status: 404, ref: 9048 },
  "change-unknown": { status: 404, ref: 9049 },
  "change-erased": { status: 410, ref: 9050 },
  "record-damaged": { status: 500, ref: 9051 },
  "log-stopped": { status: 503, ref: 9052 },
  "outcome-unknown": { status: 503, ref: 9053 },
  "suppression-unknown": { status: 404, ref: 9054 },
  "index-off": { status: 503, ref: 9055 },
  "index-building": { status: 503, ref: 9056 },
  "http-too-old": { status: 426, ref: 9057 },
};

/** Whatever is wrong in an organisations' body is 400. */
export function statusOf(problem: ProblemName, family: "customers" | "organisations" | "own"): number {
  const { status } = standings[problem];
  return family === "organisations" && status === 422 ? 400 : status;
}
