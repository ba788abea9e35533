// What opens at the thing it is about, and closes when one turns to something else.
import type { ComponentChildren, RefObject, TargetedKeyboardEvent } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Button, type ButtonProps } from './button.tsx'
import { classes } from './classes.ts'
import { Icon, type IconName } from './icon.tsx'
import css from './popover.module.css'
import { type Role, whyNotAllowed } from './rights.ts'
import { Kbd } from './words.tsx'

/** What the button that opens it must be given. */
export type Opener = Required<Pick<ButtonProps, 'onPress' | 'isExpanded' | 'hasPopup'>>

export interface PopoverProps {
  /** Draws the button: `(opener) => <Button {...opener}>Drain</Button>`. */
  readonly anchor: (opener: Opener) => ComponentChildren
  /** Names it for screen readers. */
  readonly label: string
  readonly actions?: ((close: () => void) => ComponentChildren) | undefined
  readonly children: ComponentChildren | ((close: () => void) => ComponentChildren)
  readonly role?: 'dialog' | 'menu' | undefined
  /** For a form with fields beside each other. */
  readonly isWide?: boolean | undefined
  /** Open when it is first drawn: an address leads to it. */
  readonly isOpenAtFirst?: boolean | undefined
}

/** Opens below its button, at whichever side has room; a sheet at the bottom under 640 px. */
export function Popover(props: PopoverProps) {
  const { anchor, label, actions, children, role = 'dialog', isWide = false } = props
  const [isOpen, setOpen] = useState(props.isOpenAtFirst === true)
  const place = useRef<HTMLSpanElement>(null)
  const close = (): void => {
    setOpen(false)
    place.current?.querySelector<HTMLElement>('button, a')?.focus({ preventScroll: true })
  }
  const opener: Opener = { onPress: () => setOpen(!isOpen), isExpanded: isOpen, hasPopup: role }
  return (
    <span class={css.place} ref={place}>
      {anchor(opener)}
      {isOpen && (
        <Floating {...{ place, label, role, isWide }} onLeave={() => setOpen(false)} onClose={close}>
          <div class={role === 'menu' ? css.menu : css.body}>
            {typeof children === 'function' ? children(close) : children}
          </div>
          {actions !== undefined && <footer class={css.foot}>{actions(close)}</footer>}
        </Floating>
      )}
    </span>
  )
}

interface FloatingProps {
  readonly place: RefObject<HTMLSpanElement | null>
  readonly label: string
  readonly role: 'dialog' | 'menu'
  readonly isWide: boolean
  /** One turned to something else, which keeps the focus. */
  readonly onLeave: () => void
  readonly onClose: () => void
  readonly children: ComponentChildren
}

function Floating({ place, label, role, isWide, onLeave, onClose, children }: FloatingProps) {
  const box = useRef<HTMLDivElement>(null)
  const leave = useRef(onLeave)
  leave.current = onLeave
  useLayoutEffect(() => {
    const element = box.current
    const anchor = place.current
    if (element === null || anchor === null) return
    // Above all else, and out of what clips; browsers without it have the fixed position alone.
    if ('showPopover' in element) element.showPopover()
    const put = (): void => putBelow(element, anchor)
    put()
    element.querySelector<HTMLElement>(FIRST)?.focus({ preventScroll: true })
    const press = (event: Event): void => {
      if (event.target instanceof Node && !anchor.contains(event.target)) leave.current()
    }
    document.addEventListener('pointerdown', press)
    addEventListener('scroll', put, { capture: true, passive: true })
    addEventListener('resize', put)
    return () => {
      document.removeEventListener('pointerdown', press)
      removeEventListener('scroll', put, { capture: true })
      removeEventListener('resize', put)
    }
  }, [place])
  return (
    <div
      ref={box}
      class={classes(css.box, isWide && css.wide)}
      popover="manual"
      role={role}
      aria-label={label}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        onClose()
      }}
    >
      {children}
    </div>
  )
}

const FIRST = 'input:not(:disabled), select, textarea, button, a, [tabindex="0"]'

/** Gap between a popover and its button, and between it and the window's edge, in px. */
const GAP = 4
const EDGE = 8

function putBelow(box: HTMLElement, anchor: HTMLElement): void {
  if (matchMedia('(width < 640px)').matches) {
    box.style.removeProperty('left')
    box.style.removeProperty('top')
    return
  }
  const at = (anchor.firstElementChild ?? anchor).getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = box
  // Flush with the button's left edge, or with its right one where there is no room.
  const left = at.left + width + EDGE <= innerWidth ? at.left : at.right - width
  const isRoomBelow = at.bottom + GAP + height + EDGE <= innerHeight || at.top < height
  box.style.left = `${Math.max(EDGE, left)}px`
  box.style.top = `${isRoomBelow ? at.bottom + GAP : at.top - GAP - height}px`
}

/** One line of a menu; `line` divides. */
export type MenuItem =
  | 'line'
  | {
      readonly label: string
      readonly icon?: IconName | undefined
      readonly kbd?: string | undefined
      readonly isDanger?: boolean | undefined
      readonly needs?: Role | undefined
      readonly disabledWhy?: string | null | undefined
      readonly href?: string | undefined
      readonly onPress?: (() => void) | undefined
    }

export interface MenuProps {
  readonly items: readonly MenuItem[]
  /** Names the menu and its button: “More for api-4”. */
  readonly label: string
  readonly anchor?: ((opener: Opener) => ComponentChildren) | undefined
}

/** A button of three dots (or another), and the actions behind it. */
export function Menu({ items, label, anchor }: MenuProps) {
  const walk = (event: TargetedKeyboardEvent<HTMLDivElement>): void => {
    const entries = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="menuitem"]')]
    const at = entries.indexOf(document.activeElement as HTMLElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    entries.at(to % entries.length)?.focus()
  }
  return (
    <Popover
      label={label}
      role="menu"
      anchor={anchor ?? ((opener) => <Button kind="quiet" icon="more" label={label} {...opener} />)}
    >
      {(close) => (
        <div role="none" onKeyDown={walk}>
          {items.map((item, at) =>
            item === 'line' ? <hr key={at} /> : <Entry key={item.label} item={item} onDone={close} />,
          )}
        </div>
      )}
    </Popover>
  )
}

function Entry({ item, onDone }: { item: Exclude<MenuItem, 'line'>; onDone: () => void }) {
  const why = whyNotAllowed(item.needs) ?? item.disabledWhy ?? null
  const press = (event: Event): void => {
    if (why !== null) return event.preventDefault()
    onDone()
    item.onPress?.()
  }
  const shared = {
    role: 'menuitem',
    tabIndex: -1,
    class: classes(css.entry, item.isDanger === true && css.danger),
    'aria-disabled': why === null ? undefined : true,
    onClick: press,
  } as const
  const inside = (
    <>
      {item.icon !== undefined && <Icon name={item.icon} size={14} />}
      <span>{item.label}</span>
      {why !== null && <small>{why}</small>}
      {item.kbd !== undefined && <Kbd>{item.kbd}</Kbd>}
    </>
  )
  return item.href !== undefined && why === null ? (
    <a {...shared} href={item.href}>
      {inside}
    </a>
  ) : (
    <button {...shared} type="button">
      {inside}
    </button>
  )
}
