import type { CatalogueWords } from "../../domain/catalogue.ts";
import type { EmailPreferences } from "../../domain/email-preferences.ts";
import type { ContentQuestion } from "../../domain/question.ts";
import { Choices } from "./choices.ts";
import { AskedOfAlert, AskedOfModule } from "./asked.ts";
import { ContentReady } from "./content-ready.ts";
import { Holders } from "./holders.ts";
import type { Ready } from "../ready.ts";

/** An organisation or a user. */
export interface ContentSubject {
  readonly kind: "organisation" | "user";
  readonly id: number;
}

/** What of an entry in the directory counts here: whose user it is. */
export interface KnownEntry {
  readonly id?: number;
  readonly organisation?: number;
}

/**
 * What organisations and users have chosen, by the subjects' places, so that a question is answered about all of them at
 * once. Whatever is put takes the place of what was there, and counts at once, also for questions that are ready.
 */
export class ContentIndex {
  readonly #choices = new Choices();
  readonly #holders = new Holders(this.#choices);

  /** Takes in the preferences of an organisation or a user. From then on a user has its own, as a whole. */
  putPreferences(place: number, { kind, id }: ContentSubject, document: EmailPreferences): void {
    this.#holders.release(place);
    if (kind === "user") this.#holders.giveUser(place, document);
    else this.#holders.giveOrganisation(place, id, document);
  }

  /** Takes in what the directory knows. A user that has chosen nothing has the preferences of its organisation. */
  putEntry(place: number, { kind }: ContentSubject, entry: KnownEntry): void {
    if (kind === "organisation" || this.#holders.hasOwn(place)) return;
    this.#holders.release(place);
    if (entry.organisation !== undefined) this.#holders.inherit(place, entry.organisation);
  }

  /** Says whether the address of the user at a place is suppressed, on whichever channel. */
  setStopped(place: number, isStopped: boolean): void {
    this.#holders.setStopped(place, isStopped);
  }

  /** Forgets all that was put for a place. The users of an organisation that is forgotten stay its users. */
  drop(place: number): void {
    this.#holders.release(place);
    this.#holders.setStopped(place, false);
  }

  /**
   * Makes a question ready. It may be asked for as long as the index lives, and is answered as of each call.
   *
   * @param words the catalogue that the question was held against
   */
  ready(question: ContentQuestion, words: CatalogueWords): Ready {
    const asked =
      question.about === "module"
        ? new AskedOfModule(this.#choices, question, words)
        : new AskedOfAlert(this.#choices, question);
    return new ContentReady(asked, this.#choices, this.#holders);
  }

  /** About how many bytes its arrays have. */
  get bytes(): number {
    return this.#choices.bytes + this.#holders.bytes;
  }
}
