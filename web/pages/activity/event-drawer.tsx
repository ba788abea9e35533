// One event with all that it tells.
import { saidOf } from '../../data/event-words.ts'
import { exactClock, whole } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Tag } from '../../parts/status.tsx'
import { Copy } from '../../parts/words.tsx'
import css from './drawers.module.css'
import type { ListedEvent } from './event-groups.ts'

interface EventDrawerProps {
  readonly id: string
  /** Null: it is not kept. */
  readonly event: ListedEvent | null
  readonly onClose: () => void
}

export function EventDrawer({ id, event, onClose }: EventDrawerProps) {
  if (event === null)
    return (
      <Drawer title="Event" onClose={onClose}>
        <Note title="This event is not kept any more">
          The gateway keeps its last thousand events, and none over a restart; {id} is not among them. Its log
          file may still have it, and the audit has who changed what.
        </Note>
      </Drawer>
    )
  const { state, title, detail, href } = saidOf(event)
  const { level, name, time, id: _, topic: __, event: logName, ...fields } = event
  return (
    <Drawer
      title={title}
      tag={<Tag state={state}>{name.split('.').at(-1)?.replaceAll('_', ' ')}</Tag>}
      onClose={onClose}
      actions={
        <>
          {href !== null && (
            <Button href={href} icon="arrow" isIconLast>
              {whereTo(event)}
            </Button>
          )}
          <span class={css.curl}>
            <Copy text={location.href} label="a link to this event" /> link
          </span>
        </>
      }
    >
      {detail !== '' && <p>{detail}</p>}
      <dl class={css.facts}>
        <dt>Time</dt>
        <dd class="mono">
          <time dateTime={time} title={whole(time)}>
            {whole(time).slice(0, 10)} {exactClock(time)}
          </time>
        </dd>
        <dt>Event</dt>
        <dd class="mono">{name}</dd>
        <dt>In the log</dt>
        <dd class="mono">
          {logName}, {level}
        </dd>
      </dl>
      {Object.keys(fields).length > 0 && (
        <section class={css.part}>
          <h3>What it tells</h3>
          <dl class={css.fields}>
            {Object.entries(fields).map(([field, value]) => (
              <>
                <dt>{field}</dt>
                <dd>{shown(value)}</dd>
              </>
            ))}
          </dl>
        </section>
      )}
    </Drawer>
  )
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? value : value === null ? '–' : JSON.stringify(value, null, 2)

function whereTo({ backend, server, certificate, listener, topic }: ListedEvent): string {
  if (typeof server === 'string') return `To ${server}`
  if (typeof backend === 'string') return `To ${backend}`
  if (typeof certificate === 'string') return `To certificate ${certificate}`
  if (typeof listener === 'string') return `To ${listener}`
  return topic === 'config' ? 'To the history' : topic === 'auth' ? 'To settings' : 'To realtime'
}
