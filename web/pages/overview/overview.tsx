// The overview: what is the matter, in a sentence, then what to do about it, and the figures that prove it.
import { useLocation } from 'preact-iso/router'
import { useRef } from 'preact/hooks'
import { useHeld } from '../../data/held.ts'
import { OVERVIEW, STATUS } from '../../data/overview.ts'
import { queryOf } from '../../data/urls.ts'
import { Guarded, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { BackendsPanel } from './backends-panel.tsx'
import { incidentOf, type Span, spanOf, usualSpan } from './courses.ts'
import { FirstSteps, NoTraffic, useSteps } from './first-run.tsx'
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
  const span = useSpan(query['window'])
  const opened = figureOf(query['figure'])
  const go = (next: { window?: Span; figure?: FigureName | undefined }): void => {
    const now = { window: query['window'], figure: opened ?? undefined, ...next }
    route(`${path}${queryOf(now)}`, true)
  }
  const { value, problem } = useHeld('GET /api/v1/overview', {}, OVERVIEW).value
  const overview = useStill(value)
  const courses = useCourses(span)
  const steps = useSteps(overview)
  const isQuiet = courses === null || !courses.requests.some((value) => value !== null && value > 0)
  // Of what is good to know alone nothing is as urgent as the way to the first request.
  const isCalm = overview?.problems.every(({ severity }) => severity === 'note') === true
  const firstSteps = steps !== null && <FirstSteps steps={steps} />
  return (
    <>
      <Verdict overview={overview} span={span} onSpan={(window) => go({ window })} />
      {problem !== null && (
        <Note state="down" title={problem.title}>
          {problem.detail} {problem.hint}
        </Note>
      )}
      {isCalm && firstSteps}
      {overview === null ? (
        problem === null && <Loading lines={6} />
      ) : (
        <Guarded label="The list of problems">
          <Problems overview={overview} />
        </Guarded>
      )}
      {!isCalm && firstSteps}
      {overview !== null && steps === null && <NoTraffic />}
      {overview !== null && (steps === null || !isQuiet) && (
        <Guarded label="The traffic">
          <Traffic
            {...{ span, courses, opened }}
            incident={incidentOf(overview.problems)}
            onOpen={(figure) => go({ figure: figure ?? undefined })}
          />
          {opened !== null && courses !== null && (
            <TrafficChart
              {...{ span, courses }}
              figure={opened}
              incident={incidentOf(overview.problems)}
              onClose={() => go({ figure: undefined })}
            />
          )}
        </Guarded>
      )}
      {overview !== null && (
        <div class={overview.counts.backends === 0 ? undefined : css.columns}>
          <Guarded label="The list of backends">
            <BackendsPanel />
          </Guarded>
          <Guarded label="The list of events">
            <LastEvents />
          </Guarded>
        </div>
      )}
    </>
  )
}

/** As the address says, else as fitted the gateway when the page was opened: it stays while one looks. */
function useSpan(named: string | undefined): Span {
  const status = useHeld('GET /api/v1/status', {}, STATUS).value.value
  const usual = useRef<Span | null>(null)
  if (status !== null) usual.current ??= usualSpan(status.uptime_s)
  return spanOf(named) ?? usual.current ?? '15m'
}
