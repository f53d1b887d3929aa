/** Entry of /embed.js, which a page loads to have `<banyan-room>`. */
import { createIdentity, createOwnedRoom, joinRoom } from '../../../client/index.ts';
import '../app.css';
import { defineBanyanRoom } from './element.ts';

/** The style sheet of everything in this bundle, put in by vite.embed.config.ts. */
declare const banyanEmbedCss: string;

defineBanyanRoom({ createIdentity, createOwnedRoom, joinRoom }, banyanEmbedCss);
