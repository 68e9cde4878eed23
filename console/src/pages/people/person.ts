import type { Device, User } from '../../lib/company';
import { Edit } from '../../lib/edit.svelte';

export type PersonDraft = { name: string; extension: string; login: string; role: string };
export type DeviceDraft = { name: string; srtp: string; keepalive: string };

export const personEdit = () =>
  new Edit<User, PersonDraft>(['name', 'extension', 'login', 'role'], {
    draftOf: ({ name, extension, login, role }) => ({ name, extension, login, role }),
  });

export const deviceEdit = () =>
  new Edit<Device, DeviceDraft>(['name', 'srtp', 'keepalive'], {
    draftOf: ({ name, srtp, keepalive }) => ({ name, srtp, keepalive }),
  });
