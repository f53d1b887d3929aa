import { createIdentity, createOwnedRoom, joinRoom } from '../../client/index.ts';
import { mountPage } from './mount.ts';

mountPage({ createIdentity, createOwnedRoom, joinRoom });
