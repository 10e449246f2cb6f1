/** The body of the customers' contract's own sample request. */
const sampleBody = {
  preferences: [
    {
      category: "Service Exception",
      channels: [{ name: "Text", selections: [{ value: "1233454567", type: "BPHONE", is_opt_in: "Y" }] }],
    },
  ],
  audit_info: { modified_by: "johnm" },
};

/**
 * A line for the shell that records a customer's first preferences, and works as it stands.
 *
 * @param url where the service is reached
 * @param token the admin's token; without it the line takes the one in `$SAYWHEN_TOKEN`
 */
export function firstRequest(url: string, token?: string): string {
  return [
    `curl -X PUT '${url}/api/v1/customers/123456789/communication-preferences'`,
    token === undefined ? '-H "Authorization: Bearer $SAYWHEN_TOKEN"' : `-H 'Authorization: Bearer ${token}'`,
    "-H 'ClientId: admin' -H 'Request-Tracking-Id: 12' -H 'Content-Type: application/json'",
    `-d '${JSON.stringify(sampleBody)}'`,
  ].join(" ");
}
