/** The bodies of packets, one codec a shape, by who speaks to whom. Those of single features are not here: audit, direct, ice, order, talk. */
export * from './bodies/codec.ts';
export * from './bodies/root.ts';
export * from './bodies/reunion.ts';
export * from './bodies/link.ts';
export * from './bodies/message.ts';
export * from './bodies/file.ts';
