// What happened last.
import { saidOf } from '../../data/event-words.ts'
import { useHeld } from '../../data/held.ts'
import type { GatewayEvent } from '../../data/live.ts'
import { count } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { Empty, Loading } from '../../parts/empty.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Shape } from '../../parts/status.tsx'
import { Time } from '../../parts/time.tsx'
import css from './overview.module.css'
import { useStill } from './paused.ts'

/** Who signs in is for the activity page. */
const TOPICS = ['health', 'server', 'config', 'certificate', 'worker', 'turn', 'limits', 'listener']
const SHOWN = 8

export function LastEvents() {
  const query = { topics: TOPICS.join(','), limit: 60 }
  const { value } = useHeld('GET /api/v1/events', {}, { query, topics: TOPICS }).value
  const still = useStill(value)
  const events = (still?.events ?? []) as readonly GatewayEvent[]
  const newest = events.at(-1)?.id ?? 0
  const waiting = ((value?.events ?? []) as readonly GatewayEvent[]).filter(({ id }) => id > newest).length
  return (
    <Panel
      title="Last events"
      count={waiting === 0 ? undefined : `${count(waiting, 'new one')} while paused`}
      end={
        <a class="link" href={to('/activity')}>
          Activity
        </a>
      }
      isFlush
    >
      {still === null ? (
        <Loading lines={6} />
      ) : events.length === 0 ? (
        <Empty title="Nothing has happened yet" />
      ) : (
        <ol class={css.events}>
          {events
            .slice(-SHOWN)
            .toReversed()
            .map((event) => (
              <OneEvent key={event.id} event={event} />
            ))}
        </ol>
      )}
    </Panel>
  )
}

function OneEvent({ event }: { readonly event: GatewayEvent }) {
  const { state, title, detail, href } = saidOf(event)
  return (
    <li>
      <span class={css.time}>
        <Time at={event.time} />
      </span>
      <Shape state={state} />
      <div class={css.said}>
        {href === null ? (
          <span class="cut">{title}</span>
        ) : (
          <a class="cut" href={href} title={title}>
            {title}
          </a>
        )}
        {detail !== '' && (
          <span class="small quiet cut" title={detail}>
            {detail}
          </span>
        )}
      </div>
    </li>
  )
}
