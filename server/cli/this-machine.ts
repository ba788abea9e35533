// What checks may ask of the machine that they run on.
import { accessSync, constants, statSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { whyUnread } from '../config/why-unread.ts'
import type { Machine } from '../config/world.ts'
import { whyNoDatabase } from '../geo/database.ts'
import { Hosts, nameOf } from '../lib/hosts.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { readBounded } from '../lib/read-bounded.ts'

const DATABASE_BYTES_MAX = 1024 * 1024 * 1024

const hosts = new Hosts('/etc/hosts', () => performance.now())

export const thisMachine: Machine = {
  addresses() {
    try {
      const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
      return new Set(all.map(({ address }) => canonicalAddress(address.replace(/%.*$/, '')) ?? address))
    } catch {
      // A sandbox may forget to allow it (RestrictAddressFamilies without AF_NETLINK).
      return null
    }
  },
  knowsName: (name) => nameOf(name) === nameOf(hostname()) || hosts.addresses(nameOf(name)) !== null,
  whyNoFolder(path) {
    const kind = kindOf(path)
    if (kind === 'file') return 'where a file stands'
    // It is made when it is not there: then the nearest folder above it counts.
    return kind === 'folder'
      ? whyClosed(path)
      : path === dirname(path)
        ? null
        : this.whyNoFolder(dirname(path))
  },
  whyNoProgram(program, folder) {
    const places = program.includes('/')
      ? [resolve(folder, program)]
      : (process.env['PATH'] ?? '').split(':').map((place) => join(place, program))
    const found = places.filter((place) => kindOf(place) === 'file')
    if (found.length === 0)
      return program.includes('/') ? 'where no file is' : 'which is in no folder of PATH'
    return found.some(isRunnable) ? null : 'which this user may not execute'
  },
  whyNoDatabase(path) {
    try {
      return whyNoDatabase(Buffer.from(readBounded(path, DATABASE_BYTES_MAX)))
    } catch (error) {
      return whyUnread(error)
    }
  },
  whyNoFile(path) {
    const kind = kindOf(path)
    if (kind === 'folder') return 'where a folder stands'
    if (kind === 'file') return whyClosed(path)
    return kindOf(dirname(path)) === 'folder' ? whyClosed(dirname(path)) : 'in a folder that is not there'
  },
}

function kindOf(path: string): 'file' | 'folder' | null {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'file'
  } catch {
    return null
  }
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function whyClosed(path: string): string | null {
  try {
    accessSync(path, constants.W_OK)
    return null
  } catch {
    return 'which this user may not write'
  }
}
