// The palette: all that there is and all that can be done, found by a few letters and the keyboard alone.
import { useLocation } from 'preact-iso/router'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useHeld } from '../data/held.ts'
import { number } from '../data/say.ts'
import { to } from '../data/urls.ts'
import { Icon } from '../parts/icon.tsx'
import { whyNotAllowed } from '../parts/rights.ts'
import { Kbd } from '../parts/words.tsx'
import { checkOf, generalActions } from './palette-actions.ts'
import css from './palette.module.css'
import { type Section, SectionRows } from './palette-rows.tsx'
import { isPaletteOpen, lately, noteUsed, typedAhead } from './palette-state.ts'
import { configuredThings, type Found, foundIn, orderThings, PAGES, type Thing } from './palette-things.ts'

/** More rows than are read help nobody; what is left out is said. */
const ACTIONS_MAX = 7
const PLACES_MAX = 40

export function Palette() {
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const { take, said, hush } = useTaking()
  const dialog = useRef<HTMLDialogElement>(null)
  const { sections, left, isWaiting } = useSections(query)
  const rows = sections.flatMap(({ rows: some }) => some)
  const current = Math.min(at, rows.length - 1)
  useOpen(dialog, setQuery)
  useEffect(() => {
    dialog.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [current, query])

  const pressed = (event: KeyboardEvent): void => {
    const last = rows.length - 1
    const next = {
      ArrowDown: current === last ? 0 : current + 1,
      ArrowUp: current <= 0 ? last : current - 1,
      PageDown: Math.min(last, current + 8),
      PageUp: Math.max(0, current - 8),
    }[event.key]
    const row = rows[current]
    if (next !== undefined) setAt(next)
    else if (event.key === 'Enter' && row !== undefined) void take(row)
    else return
    event.preventDefault()
  }
  return (
    <dialog
      ref={dialog}
      class={css.palette}
      aria-label="Search or run"
      onCancel={(event) => {
        event.preventDefault()
        if (query === '') isPaletteOpen.value = false
        else setQuery('')
      }}
      onClick={(event) => event.target === dialog.current && (isPaletteOpen.value = false)}
    >
      <div class={css.query}>
        <Icon name="search" size={15} />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={rows.length === 0 ? undefined : `palette-${current}`}
          aria-label="Page, backend, server, rule or action"
          placeholder="Page, backend, server, rule or action"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={query}
          onInput={({ currentTarget }) => {
            setQuery(currentTarget.value)
            setAt(0)
            hush()
          }}
          onKeyDown={pressed}
        />
        <Kbd>Esc</Kbd>
      </div>
      {said !== null && (
        <p class={css.said} role="status">
          {said}
        </p>
      )}
      <div class={css.list} id="palette-list" role="listbox" aria-label="What was found" tabIndex={-1}>
        {sections.map((section) => (
          <SectionRows
            key={section.title}
            section={section}
            before={sections
              .slice(0, sections.indexOf(section))
              .reduce((sum, { rows: some }) => sum + some.length, 0)}
            current={current}
            onPoint={setAt}
            onTake={(found) => void take(found)}
          />
        ))}
      </div>
      <Foot count={rows.length} left={left} isWaiting={isWaiting} query={query} />
    </dialog>
  )
}

/** Goes there or does it; what came of it is said. */
function useTaking() {
  const { route } = useLocation()
  const [said, setSaid] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const take = async ({ thing }: Found): Promise<void> => {
    if (whyNotAllowed(thing.needs) !== null || isBusy) return
    noteUsed(thing.id)
    if (thing.path !== undefined) {
      isPaletteOpen.value = false
      route(to(thing.path))
      return
    }
    setBusy(true)
    const outcome = (await thing.run?.()) ?? null
    setBusy(false)
    if (outcome === null) isPaletteOpen.value = false
    else setSaid(outcome)
  }
  return { take, said, hush: () => setSaid(null) }
}

/** Above all, with what was typed meanwhile; what had the focus has it again behind it. */
function useOpen(
  dialog: { readonly current: HTMLDialogElement | null },
  onTyped: (query: string) => void,
): void {
  useEffect(() => {
    const before = document.activeElement
    const element = dialog.current
    element?.showModal()
    element?.querySelector('input')?.focus()
    onTyped(typedAhead.peek() ?? '')
    typedAhead.value = null
    return () => {
      element?.close()
      // Where it led to another page, that has taken the focus already.
      if (before instanceof HTMLElement && before.isConnected && document.activeElement === document.body)
        before.focus({ preventScroll: true })
    }
  }, [])
}

function useSections(query: string) {
  const held = useHeld('GET /api/v1/names', {}, { topics: ['config', 'health', 'server'] }).value
  const names = held.value
  const configured = useMemo(() => (names === null ? [] : configuredThings(names)), [names])
  const general = generalActions()
  const found = useMemo(() => {
    if (query.trim() === '') return null
    const orders = names === null ? [] : orderThings(names, query, checkOf)
    return foundIn([...general, ...orders, ...PAGES, ...configured], query)
  }, [query, configured, general.length])
  const isWaiting = names === null && held.problem === null
  if (found === null) {
    const all = new Map([...general, ...PAGES, ...configured].map((one) => [one.id, one]))
    const used = lately().flatMap((id) => all.get(id) ?? [])
    const rest = general.filter((one) => !used.includes(one) && !one.id.startsWith('theme'))
    const pages = PAGES.filter((one) => one.keys !== undefined && !used.includes(one))
    const sections = [
      section('Lately', used),
      section('Actions', rest.slice(0, ACTIONS_MAX)),
      section('Pages', pages),
    ]
    return { sections: sections.filter(({ rows }) => rows.length > 0), left: 0, isWaiting }
  }
  const actions = found.filter(({ thing }) => thing.group === 'Actions')
  const places = found.filter(({ thing }) => thing.group !== 'Actions')
  const shown: Section[] = [
    { title: 'Actions', rows: actions.slice(0, places.length === 0 ? PLACES_MAX : ACTIONS_MAX) },
    { title: 'Go to', rows: places.slice(0, PLACES_MAX) },
  ]
  const sections = shown.filter(({ rows }) => rows.length > 0)
  return {
    sections,
    left: found.length - sections.reduce((sum, { rows }) => sum + rows.length, 0),
    isWaiting,
  }
}

const section = (title: string, things: readonly Thing[]): Section => ({
  title,
  rows: things.map((thing) => ({ thing, marks: [] })),
})

interface FootProps {
  readonly count: number
  readonly left: number
  readonly isWaiting: boolean
  readonly query: string
}

function Foot({ count, left, isWaiting, query }: FootProps) {
  const isNothing = count === 0 && query.trim() !== ''
  return (
    <p class={css.foot} role="status">
      {isNothing && !isWaiting && `Nothing is called “${query.trim()}”.`}
      {isWaiting && 'Names are being read.'}
      {left > 0 && `${number(left)} more: type more of the name.`}
    </p>
  )
}
