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
    /** Not public, but the only way to its buffer's events. */
    readonly _channel: RTCDataChannel | null;
    readonly _pc: RTCPeerConnection | null;
    on(event: 'signal', listener: (signal: unknown) => void): this;
    on(event: 'connect' | 'close', listener: () => void): this;
    on(event: 'data', listener: (data: Uint8Array | string) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    signal(signal: unknown): void;
    send(data: Uint8Array): void;
    destroy(): void;
  }
}
