// A rule in the list: what it matches, where it leads, how often.
import type { ComponentChildren, TargetedPointerEvent } from 'preact'
import { useMemo } from 'preact/hooks'
import { age, number } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import {
  besideWords,
  chipOf,
  destinationOf,
  matchParts,
  type SplitPart,
  stepsOf,
} from '../../data/rule-words.ts'
import type { JsonMap } from '../../data/merge.ts'
import type { RuleLive } from '../../data/rule-item.ts'
import { Button } from '../../parts/button.tsx'
import { classes } from '../../parts/classes.ts'
import { Icon } from '../../parts/icon.tsx'
import { Menu, type MenuItem } from '../../parts/popover.tsx'
import { Tag } from '../../parts/status.tsx'
import { Chip } from '../../parts/words.tsx'
import type { RowShown } from './row-shown.ts'
import css from './rule-row.module.css'
import type { ShownRule } from './shown-rules.ts'

/** What a row does; the same object as long as the list is there. */
export interface RowDeeds {
  readonly menuOf: (row: RowShown) => readonly MenuItem[]
  readonly onGrip: (event: TargetedPointerEvent<HTMLElement>, row: RowShown) => void
}

interface RuleRowProps {
  readonly shown: RowShown
  readonly at: number
  readonly size: number
  readonly isCurrent: boolean
  readonly isOpen: boolean
  /** It takes the request that is tested. */
  readonly isWinner: boolean
  readonly isDragged: boolean
  /** Where a row that is dragged would go. */
  readonly line: 'above' | 'below' | null
  readonly mayEdit: boolean
  readonly href: string
  /** When its figures were read. */
  readonly readAt: number
  readonly deeds: { readonly current: RowDeeds }
}

export function RuleRow(props: RuleRowProps) {
  const { shown, at, mayEdit, href, readAt, deeds } = props
  // Thousands are scrolled through: what is in a row is drawn anew only when it says something else.
  const inside = useMemo(
    () => <Inside {...{ shown, mayEdit, href, readAt, deeds }} />,
    [shown, mayEdit, href, readAt, deeds],
  )
  return (
    <li
      class={classes(
        css.row,
        props.isOpen && css.open,
        props.isWinner && css.winner,
        props.isDragged && css.dragged,
        shown.one.draft === 'gone' && css.gone,
        props.line !== null && css[props.line],
      )}
      data-at={at}
      data-rule={shown.one.id}
      tabIndex={props.isCurrent ? 0 : -1}
      aria-setsize={props.size}
      aria-posinset={at + 1}
      aria-current={props.isOpen || props.isWinner ? 'true' : undefined}
    >
      {inside}
    </li>
  )
}

type InsideProps = Pick<RuleRowProps, 'shown' | 'mayEdit' | 'href' | 'readAt' | 'deeds'>

function Inside({ shown, mayEdit, href, readAt, deeds }: InsideProps) {
  const { one, number: place } = shown
  return (
    <>
      {mayEdit ? (
        <button
          type="button"
          class={css.grip}
          aria-label={`Move ${one.id}`}
          title="Drag, or Alt and an arrow"
          onPointerDown={(event) => deeds.current.onGrip(event, shown)}
        >
          <Icon name="grip" />
        </button>
      ) : (
        <span class={css.grip} />
      )}
      <span class={css.number}>{place}</span>
      <div class={css.what}>
        <div class={css.names}>
          <a class={classes('name', css.name)} href={href} title={one.id}>
            {one.id}
          </a>
          <Badges shown={shown} readAt={readAt} />
        </div>
        <Match one={one} />
      </div>
      <div class={css.to}>
        <Leads one={one} />
        <Steps names={stepsOf(one.rule)} />
      </div>
      <Hits live={one.item?.live} readAt={readAt} />
      <span class={css.more}>
        <RowMenu shown={shown} deeds={deeds} />
      </span>
    </>
  )
}

function RowMenu({ shown, deeds }: Pick<InsideProps, 'shown' | 'deeds'>) {
  const label = `More for ${shown.one.id}`
  return (
    <Menu
      label={label}
      items={deeds.current.menuOf(shown)}
      anchor={(opener) => <Button kind="quiet" size="sm" icon="more" label={label} {...opener} />}
    />
  )
}

function Match({ one: { rule } }: { readonly one: ShownRule }) {
  const parts = matchParts(rule)
  if (parts.length === 0) return <div class={classes(css.chips, css.all)}>every request that is left</div>
  return (
    <div class={css.chips}>
      {parts.map((part) => {
        const { k, v } = chipOf(part)
        return <Chip key={`${k} ${v}`} k={k} v={v} />
      })}
    </div>
  )
}

function Leads({ one: { rule } }: { readonly one: ShownRule }) {
  const beside = besideWords(rule)
  return (
    <>
      <Destined rule={rule} />
      {beside !== '' && <span class="supporting"> {beside}</span>}
    </>
  )
}

function Destined({ rule }: { readonly rule: JsonMap }) {
  const leads = destinationOf(rule)
  switch (leads.kind) {
    case 'backend':
      return (
        <a
          class={classes('name', css.cut)}
          href={to(`/backends/${encodeURIComponent(leads.name)}`)}
          title={leads.name}
        >
          {leads.name}
        </a>
      )
    case 'split':
      return (
        <span class={css.cut} title={leads.parts.map(partWords).join(', ')}>
          {leads.parts.map(partWords).join(', ')}
        </span>
      )
    case 'nearest':
      return (
        <span class={css.cut} title={leads.backends.join(', ')}>
          <span class="supporting">nearest of</span> {leads.backends.join(', ')}
        </span>
      )
    case 'maintenance':
      return <span class="supporting">maintenance: 503</span>
    case 'listener':
      return (
        <span class={css.cut}>
          <span class="supporting">goes on at</span> <b class={css.strong}>{leads.name}</b>
        </span>
      )
    case 'redirect':
      return (
        <span class={css.cut} title={leads.to}>
          <span class="supporting">{leads.status} to</span> <span class="mono">{leads.to}</span>
        </span>
      )
    case 'respond':
      return (
        <span>
          <span class="supporting">answers</span> {leads.status}
        </span>
      )
    case 'none':
      return <span class="quiet">leads nowhere yet</span>
  }
}

const partWords = ({ name, weight }: SplitPart): string => `${name} ${weight}`

const Steps = ({ names }: { readonly names: readonly string[] }) =>
  names.length === 0 ? null : (
    <span class={css.steps} title={`On the way: ${names.join(', ')}`}>
      {names.map((name, at) => (
        <code key={at}>{name}</code>
      ))}
    </span>
  )

interface HitsProps {
  readonly live: Partial<RuleLive> | undefined
  readonly readAt: number
}

function Hits({ live, readAt }: HitsProps) {
  const perMin = live?.matches_per_min
  return (
    <>
      <span class={classes(css.hits, (perMin ?? 0) === 0 && css.none)}>
        {number(perMin)}
        <span class={css.unit}> /min</span>
      </span>
      <span class={css.last}>{lastWords(live, readAt)}</span>
    </>
  )
}

/** What matched just before it was read matches now, in s. */
const NOW_S = 3

function lastWords(live: Partial<RuleLive> | undefined, readAt: number): string {
  if (live?.matches === undefined || live.matches === null) return '–'
  if (live.matches === 0) return 'never'
  if (typeof live.last_match !== 'string') return '–'
  const seconds = (readAt - Date.parse(live.last_match)) / 1000
  return seconds < NOW_S ? 'now' : age(seconds)
}

/** A rule that has not matched for so long is named, in s: before that nobody could say anything. */
const QUIET_S = 600

function Badges({ shown, readAt }: Pick<InsideProps, 'shown' | 'readAt'>): ComponentChildren {
  const { one, shadowedBy, backend } = shown
  const live = one.item?.live
  const since = typeof live?.unmatched_since === 'string' ? Date.parse(live.unmatched_since) : null
  const quietS = since === null ? 0 : (readAt - since) / 1000
  return (
    <>
      <DraftTag one={one} />
      {shadowedBy !== null && (
        <Tag state="warn" title={`${shadowedBy.name} takes all that it would match`}>
          shadowed by {shadowedBy.place ?? shadowedBy.name}
        </Tag>
      )}
      {backend !== null && backend.state !== 'up' && <Tag state={backend.state}>{backend.word}</Tag>}
      {shadowedBy === null && quietS >= QUIET_S && <Tag state="unk">never matched in {age(quietS)}</Tag>}
    </>
  )
}

function DraftTag({ one: { draft, fields, isMoved } }: { readonly one: ShownRule }) {
  const words = [
    ...(draft === 'new' ? ['new'] : draft === 'gone' ? ['to be removed'] : fields),
    ...(isMoved && draft !== 'new' ? ['moved'] : []),
  ]
  if (words.length === 0) return null
  return (
    <a class={css.draft} href={to('/review')}>
      <Tag state="draft">draft: {words.join(', ')}</Tag>
    </a>
  )
}
