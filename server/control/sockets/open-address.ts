// An address that is open for TCP, or at a path: with a socket for each worker slot, or one that all take
// turns at.
import type { UnixAccess } from '../../lib/bind.ts'
import { closeFds } from '../../lib/pass-fds.ts'
import { type AdoptedSocket, ALL_SLOTS, type HandedOn } from './handed-sockets.ts'
import { Steering } from './steering.ts'

/** One for all slots. */
export interface SharedSocket {
  readonly fd: number
  /** It is systemd's. */
  readonly isLent: boolean
  /** Lets others connect, as the next plan has it; of Unix sockets. */
  stage(access: UnixAccess | undefined): void
  commit(): void
  drop(): void
  close(): void
  /** Another gateway has it from now on: only our copy is closed. */
  leave(): void
}

export interface OpenAddress {
  readonly host: string
  readonly port: number
  readonly fdBySlot: Map<number, number>
  /** Null: each slot has its own. */
  readonly shared: SharedSocket | null
  readonly steering: Steering | null
  /** Of these one is systemd's, which is never closed for good: it stays with its slot. */
  readonly lentSlot: number | null
}

/** Its sockets for the gateway that comes after this one. */
export function handedOn(key: string, { fdBySlot, shared, lentSlot }: OpenAddress): HandedOn[] {
  const own = [...fdBySlot].map(([slot, fd]) => ({ key, slot, fd, isLent: slot === lentSlot }))
  return shared === null ? own : [...own, { key, slot: ALL_SLOTS, fd: shared.fd, isLent: shared.isLent }]
}

/** Closes our copies alone: another gateway has them. */
export function leaveAddress(address: OpenAddress): void {
  closeFds([...address.fdBySlot.values()])
  address.shared?.leave()
  address.steering?.close()
}

export function closeAddress(address: OpenAddress): void {
  closeFds([...address.fdBySlot.values()])
  address.shared?.close()
  address.steering?.close()
}

/** One of systemd's, or of TCP where the kernel does not spread clients over several. */
class LentSocket implements SharedSocket {
  readonly fd: number
  readonly isLent = true

  constructor(fd: number) {
    this.fd = fd
  }

  stage(): void {}
  commit(): void {}
  drop(): void {}

  close(): void {
    closeFds([this.fd])
  }

  leave(): void {
    this.close()
  }
}

export interface Adopting {
  readonly host: string
  readonly slots: readonly number[]
  readonly sockets: readonly AdoptedSocket[]
  /** Opens another one beside it, on this port. Throws where that is not possible. */
  readonly open: (port: number) => number
}

/**
 * Of sockets that were handed to us, at least one. Where one alone came for several slots, it gets siblings
 * if SO_REUSEPORT is set on it and we may bind beside it, as its user may; else all workers accept from it:
 * they wake together and share unevenly, but nobody waits where no worker looks.
 */
export function adoptAddress({ host, slots, sockets, open }: Adopting): OpenAddress {
  const port = sockets[0]?.port ?? 0
  const fdBySlot = new Map(
    sockets.filter(({ slot }) => slot !== ALL_SLOTS).map(({ slot, fd }) => [slot, fd] as const),
  )
  const one = sockets.find(({ slot }) => slot === ALL_SLOTS)
  const [firstSlot = 0] = slots
  if (one !== undefined && !(one.isReusePort && slots.length > 1)) return sharedBy(host, port, one.fd)
  const lentSlot = one === undefined ? (sockets.find(({ isLent }) => isLent)?.slot ?? null) : firstSlot
  if (one !== undefined) fdBySlot.set(firstSlot, one.fd)
  const made: number[] = []
  try {
    for (const slot of slots) {
      if (fdBySlot.has(slot)) continue
      const fd = open(port)
      made.push(fd)
      fdBySlot.set(slot, fd)
    }
  } catch (error) {
    closeFds(made)
    if (one === undefined) throw error
    return sharedBy(host, port, one.fd)
  }
  const address = { host, port, fdBySlot, shared: null, lentSlot }
  return { ...address, steering: new Steering(address, false) }
}

const sharedBy = (host: string, port: number, fd: number): OpenAddress => ({
  ...{ host, port, fdBySlot: new Map(), shared: new LentSocket(fd), steering: null, lentSlot: null },
})
