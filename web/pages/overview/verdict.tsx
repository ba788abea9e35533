// How the gateway is, in one sentence.
import { gatewayNow } from '../../data/clock.ts'
import type { ComponentChildren } from 'preact'
import type { Overview } from '../../data/api-types.ts'
import { clock } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import type { State } from '../../parts/status.tsx'
import { type Span, SPANS } from './courses.ts'
import { pausedAt, useStill } from './paused.ts'

const LOOKS: Readonly<Record<Overview['verdict']['state'], State>> = {
  up: 'up',
  degraded: 'warn',
  down: 'down',
  idle: 'unk',
}

export interface VerdictProps {
  readonly overview: Overview | null
  readonly span: Span
  readonly onSpan: (span: Span) => void
}

export function Verdict({ overview, span, onSpan }: VerdictProps) {
  const verdict = useStill(overview)?.verdict
  const paused = pausedAt.value
  const detail: ComponentChildren = verdict?.detail === '' ? null : verdict?.detail
  return (
    <PageHead
      title={verdict?.sentence ?? 'Overview'}
      state={verdict === undefined ? undefined : LOOKS[verdict.state]}
      actions={
        <>
          <Segmented
            label="Time range"
            value={span}
            onPick={onSpan}
            options={Object.entries(SPANS).map(([value, { label, words }]) => ({
              value: value as Span,
              label,
              title: words,
            }))}
          />
          <Button
            icon={paused === null ? 'pause' : 'play'}
            isPressed={paused !== null}
            onPress={() => (pausedAt.value = paused === null ? gatewayNow() : null)}
          >
            {paused === null ? 'Pause' : `Paused at ${clock(paused)}`}
          </Button>
        </>
      }
    >
      {detail}
    </PageHead>
  )
}
