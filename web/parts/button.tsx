// The button. One that cannot be pressed stays where it is and says why: in words, not by being pale.
import type { ComponentChildren, Ref } from 'preact'
import css from './button.module.css'
import { classes } from './classes.ts'
import { Icon, type IconName } from './icon.tsx'
import { type Role, whyNotAllowed } from './rights.ts'

export interface ButtonProps {
  /** ink: the one main action of a view; danger: takes something away; quiet: no line. */
  readonly kind?: 'ink' | 'plain' | 'danger' | 'quiet' | undefined
  readonly size?: 'sm' | 'md' | 'lg' | undefined
  readonly icon?: IconName | undefined
  /** The icon stands behind the words: for what opens. */
  readonly isIconLast?: boolean | undefined
  /** For an icon without words; also its tooltip. */
  readonly label?: string | undefined
  /** The role that it takes. */
  readonly needs?: Role | undefined
  readonly isBusy?: boolean | undefined
  /** What it is doing: “Checking 1 of 3”. */
  readonly busyWord?: string | undefined
  /** Why it cannot be pressed now; shown beside it. */
  readonly disabledWhy?: string | null | undefined
  /** The reason is only in the tooltip and for screen readers: where the words stand nearby already. */
  readonly isWhyHidden?: boolean | undefined
  readonly href?: string | undefined
  readonly type?: 'button' | 'submit' | undefined
  readonly isExpanded?: boolean | undefined
  readonly hasPopup?: 'dialog' | 'menu' | undefined
  readonly isPressed?: boolean | undefined
  readonly elementRef?: Ref<HTMLButtonElement> | undefined
  readonly onPress?: ((event: MouseEvent) => void) | undefined
  readonly children?: ComponentChildren
}

/** A button, or with `href` a link that looks like one. */
export function Button(props: ButtonProps) {
  const { kind = 'plain', size = 'md', isBusy = false, href } = props
  const why = whyNotAllowed(props.needs) ?? props.disabledWhy ?? null
  const isBare = props.children === undefined || props.children === null
  const looks = classes(css.button, css[kind], css[size], isBare && css.bare, isBusy && css.busy)
  const shared = { class: looks, 'aria-label': props.label, title: why ?? (isBare ? props.label : undefined) }
  if (href !== undefined && why === null && !isBusy)
    return (
      <a {...shared} href={href} onClick={props.onPress}>
        <Inside {...props} />
      </a>
    )
  const press = (event: MouseEvent): void => {
    // Stays focusable, so that a keyboard finds the reason too.
    if (why !== null || isBusy) event.preventDefault()
    else props.onPress?.(event)
  }
  const button = (
    <button
      {...shared}
      ref={props.elementRef ?? null}
      type={props.type ?? 'button'}
      aria-disabled={why !== null || isBusy ? true : undefined}
      aria-busy={isBusy ? true : undefined}
      aria-expanded={props.isExpanded}
      aria-haspopup={props.hasPopup}
      aria-pressed={props.isPressed}
      onClick={press}
    >
      <Inside {...props} />
    </button>
  )
  if (why === null) return button
  return (
    <span class={css.explained}>
      {button}
      <span class={props.isWhyHidden === true || isBare ? 'sr' : css.why}>{why}</span>
    </span>
  )
}

/** Words alone are cut where a name in them is too long; what has parts of its own sees to itself. */
const isWords = (children: ComponentChildren): boolean =>
  [children].flat().every((part) => typeof part === 'string' || typeof part === 'number') && children !== ''

function Inside({ icon, isIconLast = false, isBusy = false, busyWord, size, children }: ButtonProps) {
  const drawn = icon === undefined ? null : <Icon name={icon} size={size === 'sm' ? 12 : 14} />
  if (isBusy)
    return (
      <>
        <span class={css.spin} />
        {busyWord ?? children}
      </>
    )
  return (
    <>
      {!isIconLast && drawn}
      {isWords(children) ? <span class={css.words}>{children}</span> : children}
      {isIconLast && drawn}
    </>
  )
}
