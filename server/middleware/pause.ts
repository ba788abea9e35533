// Pauses of bodies that come in pieces: when nothing has come for a moment, what waits goes out. One timer
// for all, which runs only while somebody waits.
import { event } from '../lib/event.ts'
import { guarded } from '../lib/bug.ts'

/** Long enough for what a server writes in one go, too short to be noticed. */
const PAUSE_MS = 5

const watched = new Set<Pause>()
let timer: Timer | null = null

export class Pause {
  readonly #paused: () => void
  /** It began since the timer last looked. */
  isFresh = false

  constructor(paused: () => void) {
    this.#paused = paused
  }

  /** Something has come; what follows within a moment belongs to it. */
  begin(): void {
    this.isFresh = true
    watched.add(this)
    timer ??= setTimeout(look, PAUSE_MS)
  }

  stop(): void {
    watched.delete(this)
  }

  over(): void {
    watched.delete(this)
    guarded(this.#paused)
  }
}

function look(): void {
  timer = null
  event(() => {
    for (const pause of watched) {
      if (pause.isFresh) pause.isFresh = false
      else pause.over()
    }
  })
  if (watched.size > 0) timer ??= setTimeout(look, PAUSE_MS)
}
