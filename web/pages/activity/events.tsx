// What happened to the gateway, by the minute.
import { gatewayNow } from '../../data/clock.ts'
import { useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso/router'
import { saidOf } from '../../data/event-words.ts'
import { clock, day, exactClock, number, whole } from '../../data/say.ts'
import { can } from '../../data/session.ts'
import { queryOf, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBox, Segmented } from '../../parts/choices.tsx'
import { Empty, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Beside } from '../../parts/overlays.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Shape } from '../../parts/status.tsx'
import css from './activity.module.css'
import minutes from './events.module.css'
import { EventDrawer } from './event-drawer.tsx'
import { chosenEvents, type ListedEvent, type Minute, minutesOf } from './event-groups.ts'
import { ExportMenu } from './export-menu.tsx'
import { ActivityHead } from './head.tsx'
import { useEvents } from './use-events.ts'
import { pauseWords, useHold } from './use-hold.ts'
import { useLinkKeys } from './use-link-keys.ts'

const TOPICS = ['health', 'server', 'config', 'certificate', 'listener', 'worker', 'turn', 'limits'] as const
/** So many are drawn at first. */
const SHOWN = 200

interface Address {
  readonly topics: readonly string[]
  readonly isBad: boolean
  readonly words: string
}

const addressOf = ({ topics, level, q }: Readonly<Record<string, string>>): Address => ({
  topics: (topics ?? '').split(',').filter((topic) => topic !== ''),
  isBad: level === 'warn',
  words: q ?? '',
})

function hrefOf({ topics, isBad, words }: Address, id?: string): string {
  const query = queryOf({
    topics: topics.length === 0 ? undefined : topics.join(),
    level: isBad ? 'warn' : undefined,
    q: words === '' ? undefined : words,
  })
  return to(`/activity${id === undefined ? '' : `/events/${id}`}${query}`)
}

export function Events({ event: openId }: { readonly event?: string }) {
  const { query, route } = useLocation()
  const address = addressOf(query)
  const hold = useHold(openId !== undefined)
  const all: readonly string[] = can('administer') ? [...TOPICS, 'auth'] : TOPICS
  const known = useEvents(all, hold.isHeld)
  const [shown, setShown] = useState(SHOWN)
  const list = useRef<HTMLDivElement>(null)
  useLinkKeys(list)
  const chosen = chosenEvents(known.events, {
    topics: address.topics.length === 0 ? undefined : new Set(address.topics),
    ...{ isBad: address.isBad, words: address.words },
  })
  const change = (next: Partial<Address>): void => route(hrefOf({ ...address, ...next }, openId), true)
  const open = openId === undefined ? null : (known.events.find(({ id }) => String(id) === openId) ?? null)
  return (
    <div class={css.page}>
      <ActivityHead tab="events" />
      <div class={css.bar}>
        <FilterBox
          value={address.words}
          hint="server, reason, revision"
          onInput={(words) => change({ words })}
        />
        <Segmented
          label="How bad"
          value={address.isBad ? 'bad' : 'all'}
          onPick={(value) => change({ isBad: value === 'bad' })}
          options={[
            { value: 'all', label: 'All' },
            { value: 'bad', label: 'Warnings' },
          ]}
        />
        <Topics all={all} chosen={address.topics} onChange={(topics) => change({ topics })} />
        <Button icon={hold.isHeld ? 'play' : 'pause'} isPressed={hold.isHeld} onPress={hold.toggle}>
          {pauseWords(hold.isHeld, known.waiting)}
        </Button>
        <ExportMenu name="events" rows={chosen} fields={FIELDS} />
      </div>
      {known.problem !== null && (
        <Note state="warn" title={known.problem.title}>
          {known.problem.detail}
        </Note>
      )}
      <Beside
        drawer={
          openId !== undefined &&
          !known.isLoading && (
            <EventDrawer key={openId} id={openId} event={open} onClose={() => route(hrefOf(address))} />
          )
        }
      >
        <Panel isFlush>
          <div ref={list} {...hold.watch}>
            {known.isLoading ? (
              <Loading lines={8} label="Events are asked for" />
            ) : chosen.length === 0 ? (
              <Nothing isFiltered={known.events.length > 0} />
            ) : (
              minutesOf(chosen.slice(0, shown)).map((minute) => (
                <MinuteRows
                  key={minute.atMs}
                  minute={minute}
                  openId={openId}
                  hrefOf={(id) => hrefOf(address, id)}
                  onOpen={(id) => route(hrefOf(address, id))}
                />
              ))
            )}
          </div>
          {chosen.length > shown && (
            <div class={css.older}>
              <Button onPress={() => setShown(shown + SHOWN)}>
                {`Show older, ${number(chosen.length - shown)} more`}
              </Button>
            </div>
          )}
          <footer class={css.foot}>The gateway keeps its last thousand events, over restarts none.</footer>
        </Panel>
      </Beside>
    </div>
  )
}

const FIELDS: readonly (readonly [string, (event: ListedEvent) => unknown])[] = [
  ['time', ({ time }) => time],
  ['level', ({ level }) => level],
  ['name', ({ name }) => name],
  ['title', (event) => saidOf(event).title],
  ['detail', (event) => saidOf(event).detail],
]

interface TopicsProps {
  readonly all: readonly string[]
  readonly chosen: readonly string[]
  readonly onChange: (topics: readonly string[]) => void
}

/** None chosen is all of them. */
function Topics({ all, chosen, onChange }: TopicsProps) {
  return (
    <div class={minutes.topics} role="group" aria-label="Topics">
      {all.map((topic) => {
        const isOn = chosen.includes(topic)
        return (
          <button
            key={topic}
            type="button"
            aria-pressed={isOn}
            onClick={() => onChange(isOn ? chosen.filter((one) => one !== topic) : [...chosen, topic])}
          >
            {topic}
          </button>
        )
      })}
    </div>
  )
}

interface MinuteProps {
  readonly minute: Minute
  readonly openId: string | undefined
  readonly hrefOf: (id: string) => string
  readonly onOpen: (id: string) => void
}

function MinuteRows({ minute: { atMs, events }, openId, hrefOf: linkOf, onOpen }: MinuteProps) {
  const isToday = new Date(atMs).toDateString() === new Date(gatewayNow()).toDateString()
  return (
    <section class={minutes.minute}>
      <h2 class={minutes.when}>
        <time dateTime={new Date(atMs).toISOString()} title={whole(atMs)}>
          {isToday ? clock(atMs) : `${day(atMs)} ${clock(atMs).slice(-5)}`}
        </time>
      </h2>
      <ol>
        {events.map((event) => {
          const { state, title, detail } = saidOf(event)
          const id = String(event.id)
          return (
            <li
              key={id}
              class={minutes.event}
              aria-current={id === openId ? 'true' : undefined}
              onClick={({ target }) => (target as Element).closest('a') === null && onOpen(id)}
            >
              {state === 'unk' ? <i class={minutes.dot} /> : <Shape state={state} />}
              <div class={minutes.what}>
                <a href={linkOf(id)} title={exactClock(event.time)}>
                  {title}
                </a>
                {detail !== '' && <p title={detail}>{detail}</p>}
              </div>
              <span class={minutes.topic}>{about(event)}</span>
            </li>
          )
        })}
      </ol>
    </section>
  )
}

/** What it is about, where the title does not say so. */
const about = (event: ListedEvent): string =>
  [event['backend'], event.topic].filter((word) => typeof word === 'string').join(' · ')

function Nothing({ isFiltered }: { readonly isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title="No event that is kept passes this filter">
      Choose more topics, or take words out of it.
    </Empty>
  ) : (
    <Empty title="Nothing has happened since the gateway was started" />
  )
}
