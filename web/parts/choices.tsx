// Choosing one of a few, and looking for some of many.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import css from './choices.module.css'
import { Icon } from './icon.tsx'
import { useSlashKey } from './use-slash-key.ts'
import { Kbd } from './words.tsx'

export interface TabItem {
  readonly label: string
  readonly href: string
  readonly isCurrent?: boolean | undefined
  readonly count?: number | string | undefined
  /** A shape, where something behind the tab wants attention. */
  readonly mark?: ComponentChildren
}

/** Parts of a page that have an address each. */
export function Tabs({ items, label = 'Parts of this page' }: { items: readonly TabItem[]; label?: string }) {
  const nav = useRef<HTMLElement>(null)
  const current = items.find(({ isCurrent }) => isCurrent === true)?.href
  // Of more than fit, the one that is shown is in view.
  useEffect(() => {
    const [element, tab] = [nav.current, nav.current?.querySelector<HTMLElement>('[aria-current]')]
    if (element === null || tab === null || tab === undefined) return
    element.scrollLeft = tab.offsetLeft - element.offsetLeft - (element.clientWidth - tab.offsetWidth) / 2
  }, [current])
  return (
    <nav ref={nav} class={css.tabs} aria-label={label}>
      {items.map((item) => (
        <a key={item.href} href={item.href} aria-current={item.isCurrent === true ? 'page' : undefined}>
          {item.mark}
          {item.label}
          {item.count !== undefined && <span>{item.count}</span>}
        </a>
      ))}
    </nav>
  )
}

export interface Option<Value extends string> {
  readonly value: Value
  readonly label: ComponentChildren
  readonly title?: string | undefined
}

export interface SegmentedProps<Value extends string> {
  readonly options: readonly Option<Value>[]
  readonly value: Value
  readonly onPick: (value: Value) => void
  readonly label: string
}

/** A few choices side by side, one of which is taken. */
export function Segmented<Value extends string>({ options, value, onPick, label }: SegmentedProps<Value>) {
  return (
    <div class={css.segmented} role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          title={option.title}
          aria-pressed={option.value === value}
          onClick={() => onPick(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  )
}

export interface FilterBoxProps {
  readonly value: string
  readonly onInput: (value: string) => void
  /** What can be written: “name or address”. */
  readonly hint: string
}

/** The field that filters a list; `/` leads to it, Escape empties it. */
export function FilterBox({ value, onInput, hint }: FilterBoxProps) {
  const input = useRef<HTMLInputElement>(null)
  useSlashKey(input)
  return (
    <label class={css.filter}>
      <Icon name="search" size={14} />
      <span class="sr">Filter: {hint}</span>
      <input
        ref={input}
        data-filter
        type="search"
        value={value}
        placeholder={hint}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          if (value === '') event.currentTarget.blur()
          else onInput('')
          event.preventDefault()
        }}
      />
      {value === '' && <Kbd>/</Kbd>}
    </label>
  )
}
