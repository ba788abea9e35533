// What checks may ask of the machine that they run on.
import { accessSync, constants, statSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { dirname } from 'node:path'
import type { Machine } from '../config/world.ts'
import { canonicalAddress } from '../lib/ip-address.ts'

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

function whyClosed(path: string): string | null {
  try {
    accessSync(path, constants.W_OK)
    return null
  } catch {
    return 'which this user may not write'
  }
}
