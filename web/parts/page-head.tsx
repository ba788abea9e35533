// The head of a page: its one h1, what is said of it, and its actions.
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { classes } from './classes.ts'
import css from './page-head.module.css'
import { Shape, type State } from './status.tsx'

export interface PageHeadProps {
  /** Where it belongs: a link to the list that it is of. */
  readonly crumb?: { readonly href: string; readonly label: string } | undefined
  readonly title: string
  /** A shape before the title, for a thing that has a state. */
  readonly state?: State | undefined
  /** Tags behind the title. */
  readonly tag?: ComponentChildren
  /** At most one ink button. */
  readonly actions?: ComponentChildren
  /** One or two sentences. */
  readonly children?: ComponentChildren
}

let isFirstPage = true

/** Names the document too, and takes the focus on navigation, so that a screen reader says where one is. */
export function PageHead({ crumb, title, state, tag, actions, children }: PageHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Sluice`
  }, [title])
  useLayoutEffect(() => {
    if (!isFirstPage) heading.current?.focus({ preventScroll: true })
    isFirstPage = false
  }, [])
  return (
    <header class={css.head}>
      <div class={css.words}>
        {crumb !== undefined && (
          <p class={css.crumb}>
            <a href={crumb.href}>{crumb.label}</a> <span aria-hidden="true">/</span>
          </p>
        )}
        <div class={css.title}>
          {state !== undefined && <Shape state={state} size={16} />}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {tag}
        </div>
        {children !== undefined && children !== null && (
          <div class={classes(css.sub, 'prose')}>{children}</div>
        )}
      </div>
      {actions !== undefined && actions !== null && <div class={css.actions}>{actions}</div>}
    </header>
  )
}
