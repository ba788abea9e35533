// Sockets on a ring and a loop of their own.
import { Loop } from '../loop.ts'
import { whyNot } from './probe.ts'
import { RingSockets } from './ring-sockets.ts'
import { RingWaiter } from './ring-waiter.ts'

/** Throws why there is none, in words. */
export function openRing(): RingSockets {
  let waiter: RingWaiter | null = null
  let loop: Loop | null = null
  try {
    waiter = new RingWaiter()
    loop = new Loop(waiter)
    return new RingSockets(loop, waiter)
  } catch (error) {
    loop?.close()
    waiter?.close()
    throw new Error(whyNot(error), { cause: error })
  }
}
