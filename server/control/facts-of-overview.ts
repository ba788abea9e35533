// What the gateway says of itself, made of what a running supervisor knows; anew when something happened, or
// a second has passed.
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { HealthDocument } from '../telemetry/documents.ts'
import { limitsOf } from '../telemetry/backend-limits.ts'
import type { Totals } from '../telemetry/registry.ts'
import type { ServerFacts } from '../telemetry/server-health.ts'
import type { Served } from './change/apply.ts'
import type { Parts } from './make-parts.ts'
import type { Overview } from './overview/document.ts'
import { FileOnDisk } from './overview/file-on-disk.ts'
import { livesOf } from './overview/lives.ts'
import { overviewOf } from './overview/overview.ts'
import { type Seen, untriedKey } from './overview/seen.ts'
import type { Timelines } from './overview/timelines.ts'
import { toldLately } from './overview/told-lately.ts'
import type { SeenLive } from './seen-live.ts'

export interface OverviewFacts {
  /** As of the last second. */
  readonly overview: () => Overview
  /** So many minutes of all, or of one backend. */
  readonly timelines: (minutes: number, backend: string | null) => Timelines
}

/** What is known of a running supervisor. */
interface Known {
  readonly options: { readonly file: string }
  readonly running: Served | null
  readonly board: Scoreboard
  readonly totals: Totals
  readonly live: SeenLive
  /** Null: before the first config. */
  readonly certificates: () => Pick<Parts, 'acme' | 'desk'> | null
}

interface Asks {
  readonly health: () => HealthDocument
  readonly servers: () => readonly ServerFacts[]
}

/** What is told costs some milliseconds where there are thousands of servers. */
const KEPT_MS = 1000

export function overviewFactsOf(known: Known, { health, servers }: Asks): OverviewFacts {
  const disk = new FileOnDisk(known.options.file)
  const startedMs = Date.now() - performance.now()
  let kept: { readonly atMs: number; readonly lastId: number; readonly overview: Overview } | null = null
  return {
    overview: () => {
      const [atMs, { lastId }] = [performance.now(), known.live.events]
      if (kept !== null && atMs - kept.atMs < KEPT_MS && kept.lastId === lastId) return kept.overview
      // Who hears that a server went down asks at once: since when it is so must not be of what was before.
      const all = servers()
      known.live.look(all)
      const untried = untriedOf(all, known)
      kept = { atMs, lastId, overview: overviewOf(seenOf(known, health(), { disk, startedMs, untried })) }
      return kept.overview
    },
    timelines: (minutes, backend) => {
      known.live.look(servers())
      const board = known.running === null ? NO_BOARD : known.board
      return known.live.timelines.told(minutes, backend, board)
    },
  }
}

/** Before the first config nobody has done anything. */
const NO_BOARD = { attempts: () => 0 }

function seenOf(
  known: Known,
  health: HealthDocument,
  { disk, startedMs, untried }: { readonly disk: FileOnDisk } & Pick<Seen, 'startedMs' | 'untried'>,
): Seen {
  const { running, live, options } = known
  return {
    ...{ nowMs: Date.now(), startedMs, file: options.file, revision: running?.revision ?? 0 },
    ...{ config: running?.edition.config ?? null, health },
    disk: running && disk.against(running.edition.hash),
    acme: known.certificates()?.acme.facts() ?? [],
    certificates: livesOf(health.certificates ?? [], running?.plan.certificates ?? {}),
    spanOf: (backend, server) => live.timelines.spanOf(backend, server),
    backMs: (backend, server, by) => {
      const guards = known.certificates()?.desk.guards(backend, server)
      const time = by === 'breaker' ? guards?.circuit?.half_open_at : guards?.passive?.until
      return time === undefined || time === null ? null : Date.parse(time)
    },
    rates: live.rates.lately(),
    errors: {
      suspects: live.serverErrors.suspects(),
      last: (backend, server) => live.serverErrors.last(backend, server),
    },
    perMinute: (backend) => live.rates.perMinute(backend),
    untried,
    ...{ limits: [], ...limitsOf(known) },
    events: toldLately(live.events),
  }
}

const untriedOf = (all: readonly ServerFacts[], { running, board }: Known): ReadonlySet<string> =>
  new Set(
    all
      .filter(({ isChecked, slot }) => running !== null && !isChecked && board.attempts(slot) === 0)
      .map(untriedKey),
  )
