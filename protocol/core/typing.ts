/**
 * Who is typing: a signed hint that floods the tree beside the log, is kept by nobody, and runs out by itself
 * (rules T6, T7).
 */
import { typingLifeMs, typingMax, typingPeriodMs, typingRelayPeriodMs } from '../limits.ts';
import { noSession, type LinkId, type NodeId, type SessionId } from '../types.ts';
import { passOn, type VerifiedPacket } from '../wire/packet.ts';
import { typingBody, type TypingBody } from '../wire/bodies/talk.ts';
import type { Context } from './context.ts';
import type { Links } from './links.ts';
import type { Picture } from './picture.ts';

/** What was last heard of somebody. */
interface Heard {
  readonly node: NodeId;
  session: SessionId;
  version: number;
  atMs: number;
  channel: string;
  /** When it is over, ms. */
  untilMs: number;
}

/** Whether a hint is newer than the last: sessions are ordered by time, so that nobody can go back to an older one. */
function isNewer(heard: Heard, session: SessionId, version: number): boolean {
  return session > heard.session || (session === heard.session && version > heard.version);
}

export class Typing {
  readonly #ctx: Context;
  readonly #links: Links;
  readonly #picture: Picture;
  readonly #heard = new Map<NodeId, Heard>();
  /** Those who type at the moment. */
  readonly #active = new Set<Heard>();
  #wanted: { readonly body: TypingBody; readonly timeMs: number } | undefined;
  #saidAtMs = -Infinity;
  #saysActive = false;
  #version = 0;

  constructor(ctx: Context, links: Links, picture: Picture) {
    this.#ctx = ctx;
    this.#links = links;
    this.#picture = picture;
  }

  /** This peer's user types, or stopped. The newest word counts, once the rate allows it. */
  say(body: TypingBody, timeMs: number): void {
    this.#wanted = { body, timeMs };
    this.#tell();
  }

  #tell(): void {
    const wanted = this.#wanted;
    const { nowMs, factory } = this.#ctx;
    if (wanted === undefined || nowMs < this.#saidAtMs + typingPeriodMs || factory.session === noSession) return;
    this.#wanted = undefined;
    // In large rooms it would be many who hear of it and few who care. And "stopped" is news only after "types".
    if (this.#picture.size === undefined || (!wanted.body.active && !this.#saysActive)) return;
    this.#saysActive = wanted.body.active;
    this.#saidAtMs = nowMs;
    this.#ctx.emit({ kind: 'seal', packet: factory.newTyping(wanted.body, ++this.#version, wanted.timeMs) });
  }

  sealed(packet: VerifiedPacket<'typing'>): void {
    this.#forward(packet, 0);
  }

  receive(link: LinkId, packet: VerifiedPacket<'typing'>): void {
    const { senderId: node } = packet;
    const { nowMs, self } = this.#ctx;
    const body = typingBody.decode(packet.body);
    if (body === undefined || node === self || this.#picture.isDeparted(node)) return;
    if (!this.#ctx.rules.maySpeak(node)) return;
    const { session, seq } = packet.header;
    let heard = this.#heard.get(node);
    if (heard && (!isNewer(heard, session, seq) || nowMs - heard.atMs < typingRelayPeriodMs)) return;
    if (heard === undefined) {
      if (this.#heard.size >= typingMax && !this.#makeRoom()) return;
      heard = { node, session, version: 0, atMs: 0, channel: '', untilMs: 0 };
      this.#heard.set(node, heard);
    }
    if (!body.active || heard.channel !== body.channel) this.#stopped(heard);
    heard.session = session;
    heard.version = seq;
    heard.atMs = nowMs;
    heard.channel = body.channel;
    if (body.active) this.#started(heard);
    this.#forward(packet, link);
  }

  #forward(packet: VerifiedPacket<'typing'>, from: LinkId): void {
    for (const link of this.#links.tree()) if (link.id !== from) this.#links.send(link, passOn(packet, this.#ctx.self));
  }

  /** Forgets somebody who types nothing. */
  #makeRoom(): boolean {
    for (const [node, heard] of this.#heard) if (!this.#active.has(heard)) return this.#heard.delete(node);
    return false;
  }

  #started(heard: Heard): void {
    heard.untilMs = this.#ctx.nowMs + typingLifeMs;
    if (this.#active.has(heard)) return;
    this.#active.add(heard);
    this.#ctx.emit({ kind: 'typing', node: heard.node, active: true, channel: heard.channel });
  }

  #stopped(heard: Heard): void {
    if (!this.#active.delete(heard)) return;
    this.#ctx.emit({ kind: 'typing', node: heard.node, active: false, channel: heard.channel });
  }

  /** What was typed is said; a hint that comes later than the message is out of date, as its life is short. */
  spoke(node: NodeId): void {
    if (node === this.#ctx.self) {
      this.#wanted = undefined;
      this.#saysActive = false;
    }
    const heard = this.#heard.get(node);
    if (heard) this.#stopped(heard);
  }

  dueMs(): number {
    const mayTell = this.#wanted !== undefined && this.#ctx.factory.session !== noSession;
    let due = mayTell ? this.#saidAtMs + typingPeriodMs : Infinity;
    for (const { untilMs } of this.#active) due = Math.min(due, untilMs);
    return due;
  }

  timer(): void {
    this.#tell();
    for (const heard of this.#active) {
      if (this.#ctx.nowMs >= heard.untilMs || this.#picture.isDeparted(heard.node)) this.#stopped(heard);
    }
  }
}
