// Whoever has preferences, as it is printed everywhere: `customer:00123`, `organisation:3`, `user:5`.
export type Customer = `customer:${string}`;
export type Organisation = `organisation:${string}`;
export type User = `user:${string}`;

export type Subject = Customer | Organisation | User;

/** The subject that a text names; undefined when it names none. */
export function readSubject(text: string): Subject | undefined {
  return isSubject(text) ? text : undefined;
}

const subjectForm = /^(?:customer:\d{1,20}|(?:organisation|user):[1-9]\d{0,14})$/;

function isSubject(text: string): text is Subject {
  return subjectForm.test(text);
}

export function isCustomer(subject: Subject): subject is Customer {
  return subject.startsWith("customer:");
}

export function isUser(subject: Subject): subject is User {
  return subject.startsWith("user:");
}

/** A customer's id is text: its leading zeros are part of it (contracts A.0.5). */
export function isCustomerId(text: string): boolean {
  return /^\d{1,20}$/.test(text);
}

/** Organisations and users have ids that print as JSON numbers without loss: 1 to 15 digits, no leading zero. */
export const directoryIdPattern = "^[1-9][0-9]{0,14}$";
const directoryId = new RegExp(directoryIdPattern);

/** Whether a text is the id of an organisation or a user. */
export function isDirectoryId(text: string): boolean {
  return directoryId.test(text);
}

export function customer(id: string): Customer {
  return `customer:${id}`;
}

export function organisation(id: number): Organisation {
  return `organisation:${id}`;
}

export function user(id: number): User {
  return `user:${id}`;
}
