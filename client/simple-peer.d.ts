/** The part of simple-peer that is used, in its build without polyfills. */
declare module 'simple-peer/simplepeer.min.js' {
  interface Options {
    initiator: boolean;
    trickle: boolean;
    objectMode: boolean;
    config: RTCConfiguration;
    wrtc?: unknown;
  }

  export default class SimplePeer {
    constructor(options: Options);
    readonly destroyed: boolean;
    /** These are not public, but the only way to its buffer's events and to fingerprints. */
    readonly _channel: RTCDataChannel | null;
    readonly _pc: RTCPeerConnection | null;
    /** What its channel's messages are given to. */
    _onChannelMessage: (event: MessageEvent<ArrayBuffer | string>) => void;
    on(event: 'signal', listener: (signal: unknown) => void): this;
    on(event: 'connect' | 'close', listener: () => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    signal(signal: unknown): void;
    send(data: Uint8Array): void;
    destroy(): void;
  }
}
