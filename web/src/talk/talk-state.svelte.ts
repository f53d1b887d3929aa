/* eslint svelte/prefer-svelte-reactivity: off -- messages by name are looked up, not watched. */
/** What belongs to the conversation beside its entries: how far own messages got, who types, whom one writes to. */
import { SvelteMap } from 'svelte/reactivity';
import { type Message, type MessageId, type NodeId, type Receipt, type Room } from '../../../client/api.ts';

/** Receipts and messages kept to be found by their names; the oldest go first. */
const keptMax = 5_000;

function trim(map: Map<MessageId, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= keptMax) return;
    map.delete(oldest);
  }
}

export class TalkState {
  /** Who writes something to everyone at the moment, in the order they began. */
  typists: readonly NodeId[] = $state.raw([]);
  /** The member that what is being written is for; `undefined` for everyone. */
  addressee: NodeId | undefined = $state();
  /** The message that is being answered. */
  answering: Message | undefined = $state.raw();
  readonly receipts = new SvelteMap<MessageId, Receipt>();
  /** The newest own message: the one whose receipt is told in words. */
  newestOwn: MessageId | undefined = $state();
  /** Called when somebody is to be written to or answered: the field takes the keyboard. */
  onwrite: (() => void) | undefined;
  readonly #room: Room;
  readonly #messages = new Map<MessageId, Message>();

  constructor(room: Room, signal: AbortSignal) {
    this.#room = room;
    room.on(
      'typing',
      ({ from, active, channel }) => {
        if (channel !== undefined) return;
        const others = this.typists.filter((id) => id !== from);
        this.typists = active ? [...others, from] : others;
      },
      { signal },
    );
    room.on(
      'receipt',
      (receipt) => {
        this.receipts.set(receipt.id, receipt);
        trim(this.receipts);
      },
      { signal },
    );
    room.on('message', (message) => this.#said(message), { signal });
  }

  #said(message: Message): void {
    this.#messages.set(message.id, message);
    trim(this.#messages);
    if (message.self) this.newestOwn = message.id;
  }

  /** A message by its name, while it is kept. Not watched: look it up where entries are. */
  messageOf(id: MessageId): Message | undefined {
    return this.#messages.get(id);
  }

  /** What is written from now on is for one member, or for everyone. */
  writeTo(member: NodeId | undefined): void {
    this.addressee = member;
    this.answering = undefined;
    if (member !== undefined) this.types(false);
    this.onwrite?.();
  }

  /** What is written from now on answers a message: what was private is answered privately. */
  answer(message: Message): void {
    if (message.to !== undefined) this.addressee = message.self ? message.to : message.from;
    this.answering = message;
    this.onwrite?.();
  }

  /** One step back: what is written answers nothing, then it is for everyone. Whether there was one. */
  back(): boolean {
    if (this.answering !== undefined) this.answering = undefined;
    else if (this.addressee !== undefined) this.addressee = undefined;
    else return false;
    return true;
  }

  /** A key was pressed in the field. What is for one is nobody else's business, not even that it is being written. */
  types(hasText: boolean): void {
    if (this.#room.state === 'left') return;
    this.#room.typing(hasText && this.addressee === undefined);
  }

  /** Sends a text to whom it is for, as the answer it is. Whom it was for stays. */
  async send(text: string): Promise<void> {
    const { addressee: to, answering } = this;
    this.answering = undefined;
    try {
      await this.#room.send(text, {
        ...(to === undefined ? {} : { to }),
        ...(answering === undefined ? {} : { replyTo: answering.id }),
      });
    } catch (error) {
      this.answering ??= answering;
      throw error;
    }
  }
}
