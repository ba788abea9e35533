// Connections that pour without end, and others beside them. What is counted are shares: how many were
// poured while somebody waited, and how many each of those had who pour.
import { expect, test } from 'bun:test'
import { waitFor } from '../../../support/wait.ts'
import type { Peer } from './peer.ts'
import { onScene, type Scene, type Subject } from './scene.ts'

const block = Buffer.alloc(1 << 20, 'volume ')
const MUCH = 2 ** 40
const often = { everyMs: 0 }

/** Each has the next share ready when it has had one, and its bytes are taken at once. */
class Pourers {
  readonly #had: number[] = []
  /** Called within each share. */
  onShare: () => void = () => {}

  get shares(): number {
    return this.#had.reduce((sum, count) => sum + count, 0)
  }

  /** Of each. */
  get had(): readonly number[] {
    return this.#had
  }

  async start(scene: Scene, count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.#startOne(scene, i)
  }

  async #startOne(scene: Scene, i: number): Promise<void> {
    const from = await scene.pair()
    const to = await scene.pair()
    const goOn = (): void => {
      while (from.peer.send(block) > 0);
      to.peer.read()
      to.peer.received.length = 0
    }
    this.#had.push(0)
    const onPoured = (came: number): void => {
      goOn()
      if (came === 0) return
      this.#had[i]!++
      this.onShare()
    }
    from.owner.on.data = () => {
      from.owner.received.length = 0
      goOn()
    }
    from.socket.pour?.(to.socket, MUCH, { onPoured })
    goOn()
    await waitFor(() => this.#had[i]! > 0, often)
  }
}

const middle = (counts: readonly number[]): number =>
  counts.toSorted((a, b) => a - b)[counts.length >> 1] ?? Number.NaN

/** How many shares are poured between what `send` sends, within one of them, and its being told. */
async function sharesMeanwhile(
  pourers: Pourers,
  send: (told: () => void) => boolean,
): Promise<readonly number[]> {
  const counts: number[] = []
  let since = -1
  const told = (): void => {
    counts.push(pourers.shares - since)
    since = -1
  }
  pourers.onShare = () => {
    if (since < 0 && send(told)) since = pourers.shares
  }
  await waitFor(() => counts.length >= 40, often)
  pourers.onShare = () => {}
  return counts
}

/** Bun's sockets do not pour. */
export function testSharing(subject: Subject): void {
  test(
    'while eight pour without end, what a client sends is read before two shares are poured',
    onScene(subject, async (scene) => {
      const small = await scene.pair()
      const pourers = new Pourers()
      await pourers.start(scene, 8)
      const counts = await sharesMeanwhile(pourers, (told) => {
        small.owner.on.data = told
        return small.peer.send('x') === 1
      })
      expect(middle(counts)).toBeLessThanOrEqual(2)
    }),
  )

  test(
    'while eight pour without end, who comes is accepted and read before four shares are poured',
    onScene(subject, async (scene) => {
      const pourers = new Pourers()
      await pourers.start(scene, 8)
      let coming: Peer | null = null
      const counts = await sharesMeanwhile(pourers, (told) => {
        scene.onAccepted = ({ on }) => void (on.data = told)
        coming ??= scene.peer()
        if (coming.send('x') !== 1) return false
        coming = null
        return true
      })
      expect(middle(counts)).toBeLessThanOrEqual(4)
    }),
  )

  test(
    'those who pour have their shares in turn',
    onScene(subject, async (scene) => {
      const pourers = new Pourers()
      await pourers.start(scene, 24)
      const before = [...pourers.had]
      const from = pourers.shares
      await waitFor(() => pourers.shares - from >= 24 * 50, often)
      const had = pourers.had.map((count, i) => count - before[i]!)
      expect(Math.min(...had)).toBeGreaterThanOrEqual(40)
      expect(Math.max(...had)).toBeLessThanOrEqual(60)
    }),
  )
}
