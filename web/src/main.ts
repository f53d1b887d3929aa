import { createRoomLink, joinRoom } from '../../client/index.ts';
import { mountPage } from './mount.ts';

mountPage({ createRoomLink, joinRoom });
