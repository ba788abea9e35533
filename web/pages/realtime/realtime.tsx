// TURN: who is relayed for, who is refused, and whether it works from where one is.
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { useHeld } from '../../data/held.ts'
import { Segmented } from '../../parts/choices.tsx'
import { Button } from '../../parts/button.tsx'
import { Guarded, Loading, Stale } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Beside } from '../../parts/overlays.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { Allocations } from './allocations.tsx'
import { Credentials } from './credentials.tsx'
import { ListenerFacts } from './listener-facts.tsx'
import { NewTurn } from './new-turn.tsx'
import { NoTurn } from './no-turn.tsx'
import css from './realtime.module.css'
import { PeerCheck, Refusals } from './refusals.tsx'
import { RelayTest } from './relay-test.tsx'
import { type Course, type Courses, followed, sum } from './turn-courses.ts'
import { TurnFigures } from './turn-figures.tsx'
import { sentenceOf } from './turn-words.ts'

/** Kept while the dashboard is open: who comes back finds the last minutes. */
const courses = signal<Courses>(new Map())

export function Realtime() {
  const held = useHeld('GET /api/v1/turn', {}, { topics: ['config', 'turn'], everyMs: 2000 }).value
  const { query, put } = useAddress()
  const told = held.value
  useEffect(() => {
    if (told !== null) courses.value = followed(courses.peek(), told)
  }, [told])
  const names = told?.listeners.map(({ name }) => name) ?? []
  const name = names.find((one) => one === query['listener']) ?? names[0]
  const listener = told?.listeners.find((one) => one.name === name)
  const course: Course | undefined =
    listener === undefined ? undefined : (courses.value.get(listener.name) ?? { last: listener, moments: [] })
  const isAdding = query['new'] !== undefined
  const add = (): void => put({ new: '1' })
  return (
    <>
      <PageHead
        title="Realtime"
        actions={
          listener !== undefined && (
            <>
              {names.length > 1 && (
                <Segmented
                  label="Listener"
                  value={listener.name}
                  options={names.map((value) => ({ value, label: value }))}
                  onPick={(next) => put({ listener: next })}
                />
              )}
              <Button icon="plus" needs="editor" isWhyHidden onPress={add}>
                TURN listener
              </Button>
            </>
          )
        }
      >
        {listener !== undefined && told !== null && sentenceOf(listener, told.serving)}
        {told !== null && listener === undefined && 'STUN and TURN for calls of browsers (WebRTC).'}
      </PageHead>
      {held.problem !== null && (
        <Note state="down" title={held.problem.title}>
          {held.problem.detail} {held.problem.hint}
        </Note>
      )}
      {told === null && held.problem === null && <Loading lines={6} />}
      {told !== null && (
        <Beside drawer={isAdding && <NewTurn onClose={() => put({ new: undefined })} />}>
          {course === undefined ? (
            <NoTurn onAdd={add} />
          ) : (
            <Stale isStale={held.problem !== null}>
              <Parts key={course.last.name} course={course} />
            </Stale>
          )}
        </Beside>
      )}
    </>
  )
}

function Parts({ course }: { readonly course: Course }) {
  const listener = course.last
  return (
    <div class={css.parts}>
      <Guarded label="The figures">
        <TurnFigures course={course} />
      </Guarded>
      {listener.relay !== null && (
        <Guarded label="The list of allocations">
          <Allocations listener={listener.name} open={sum(listener.allocations.open)} />
        </Guarded>
      )}
      <div class={css.columns}>
        <div class={css.parts}>
          {listener.relay !== null && (
            <Guarded label="The relay test">
              <RelayTest listener={listener} />
            </Guarded>
          )}
          <ListenerFacts listener={listener} />
        </div>
        <div class={css.parts}>
          <Guarded label="The credentials">
            <Credentials listener={listener} />
          </Guarded>
          <Refusals listener={listener} />
          <PeerCheck listener={listener} />
        </div>
      </div>
    </div>
  )
}
