// The overview: what is the matter, in a sentence, then what to do about it, and the figures that prove it.
import { useLocation } from 'preact-iso/router'
import type { Overview as Told } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import { OVERVIEW } from '../../data/overview.ts'
import { queryOf } from '../../data/urls.ts'
import { Guarded, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { BackendsPanel } from './backends-panel.tsx'
import { type Span, spanOf } from './courses.ts'
import { FirstRun, isBare } from './first-run.tsx'
import { LastEvents } from './last-events.tsx'
import css from './overview.module.css'
import { useGoesOn, useStill } from './paused.ts'
import { Problems } from './problems.tsx'
import { figureOf, type FigureName, TrafficChart } from './traffic-chart.tsx'
import { Traffic, useCourses } from './traffic.tsx'
import { Verdict } from './verdict.tsx'

export function Overview() {
  useGoesOn()
  const { query, path, route } = useLocation()
  const span = spanOf(query['window'])
  const opened = figureOf(query['figure'])
  const go = (next: { window?: Span; figure?: FigureName | undefined }): void => {
    const { window = span, figure } = { figure: opened ?? undefined, ...next }
    route(`${path}${queryOf({ window: window === '15m' ? undefined : window, figure })}`, true)
  }
  const { value, problem } = useHeld('GET /api/v1/overview', {}, OVERVIEW).value
  const overview = useStill(value)
  const courses = useCourses(span)
  return (
    <>
      <Verdict overview={overview} span={span} onSpan={(window) => go({ window })} />
      {overview === null ? (
        problem === null && <Loading lines={6} />
      ) : (
        <Guarded label="The list of problems">
          <Problems overview={overview} />
        </Guarded>
      )}
      {problem !== null && (
        <Note state="down" title={problem.title}>
          {problem.detail}
        </Note>
      )}
      {overview !== null && <FirstRun overview={overview} />}
      {overview !== null && !isBare(overview) && (
        <>
          <Guarded label="The traffic">
            <Traffic
              span={span}
              courses={courses}
              incidentMs={incidentOf(overview)}
              opened={opened}
              onOpen={(figure) => go({ figure: figure ?? undefined })}
            />
            {opened !== null && courses !== null && (
              <TrafficChart
                figure={opened}
                span={span}
                courses={courses}
                incidentMs={incidentOf(overview)}
                onClose={() => go({ figure: undefined })}
              />
            )}
          </Guarded>
          <div class={css.columns}>
            <Guarded label="The list of backends">
              <BackendsPanel />
            </Guarded>
            <Guarded label="The list of events">
              <LastEvents />
            </Guarded>
          </div>
        </>
      )}
    </>
  )
}

/** When what is worst now began: a line through all figures, since they share their axis of time. */
function incidentOf({ problems }: Told): number | null {
  const times = problems
    .filter(({ severity, since }) => severity === 'down' && since !== null)
    .map(({ since }) => Date.parse(since ?? ''))
  return times.length === 0 ? null : Math.min(...times)
}
