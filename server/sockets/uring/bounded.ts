import { EBADF } from '../calls.ts'
import type { BufferRing } from './buffer-ring.ts'
import { askReceiveMany } from './requests.ts'
import type { Ring } from './ring.ts'

/**
 * Whether the kernel can bound a request for many pieces (Linux 6.17). It looks at a request before it looks
 * for its descriptor, and there is none here: it says what it minds first.
 */
export function boundsReceives(ring: Ring, buffers: BufferRing): boolean {
  let isBounded = false
  askReceiveMany(ring, -1, 0, buffers)
  ring.turn(0, {
    completed(_tag: number, _extra: number, result: number) {
      isBounded = result === -EBADF
    },
  })
  return isBounded
}
