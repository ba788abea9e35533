// What opens beside or above a page: drawer, dialog, popover, menu.
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useId, useRef } from 'preact/hooks'
import { Button } from './button.tsx'
import { classes } from './classes.ts'
import css from './overlays.module.css'

export interface DrawerProps {
  readonly title: string
  /** Tags, a status: behind the title. */
  readonly tag?: ComponentChildren
  readonly onClose: () => void
  /** At its foot. */
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}

/** Stands beside the list (in Beside) and pushes it; a sheet over the page below 1024 px. */
export function Drawer({ title, tag, onClose, actions, children }: DrawerProps) {
  const id = useId()
  const drawer = useRef<HTMLDivElement>(null)
  useFocusWithin(drawer)
  return (
    <div
      ref={drawer}
      class={css.drawer}
      role="dialog"
      aria-labelledby={id}
      tabIndex={-1}
      onKeyDown={(event) => {
        // Those that opened within close first.
        if (event.key !== 'Escape' || event.defaultPrevented) return
        event.preventDefault()
        onClose()
      }}
    >
      <header class={css.drawerHead}>
        <h2 id={id} title={title}>
          {title}
        </h2>
        {tag}
        <span class={css.push}>
          <Button kind="quiet" icon="cross" label="Close" onPress={onClose} />
        </span>
      </header>
      <div class={css.drawerBody}>{children}</div>
      {actions !== undefined && actions !== null && <footer class={css.drawerFoot}>{actions}</footer>}
    </div>
  )
}

/** Takes the focus when it opens, and gives it back to what had it. */
function useFocusWithin(place: { readonly current: HTMLElement | null }): void {
  useLayoutEffect(() => {
    const before = document.activeElement
    if (place.current?.contains(before) !== true) place.current?.focus({ preventScroll: true })
    const element = place.current
    return () => {
      const isLost = document.activeElement === document.body || element?.contains(document.activeElement)
      if (isLost === true && before instanceof HTMLElement && before.isConnected)
        before.focus({ preventScroll: true })
    }
  }, [place])
}

/** A list, and beside it the drawer that is open or nothing. */
export function Beside({ drawer, children }: { drawer: ComponentChildren; children: ComponentChildren }) {
  const isOpen = drawer !== null && drawer !== undefined && drawer !== false
  return (
    <div class={classes(css.beside, isOpen && css.isOpen)}>
      <div class={css.list}>{children}</div>
      {drawer}
    </div>
  )
}

export interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly actions?: ComponentChildren
  /** Sends it, as Enter does; the last button of `actions` then has type submit. */
  readonly onSubmit?: (() => void) | undefined
  readonly isWide?: boolean | undefined
  readonly children?: ComponentChildren
}

/** Asks what must be answered before anything else. Mount it to open it. */
export function Dialog({ title, onClose, actions, onSubmit, isWide = false, children }: DialogProps) {
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    const before = document.activeElement
    const element = dialog.current
    element?.showModal()
    return () => {
      element?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class={classes(css.dialog, isWide && css.wide)}
      aria-labelledby={id}
      // Closing is its owner's: it may have something to keep.
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          onSubmit?.()
        }}
      >
        <div class={css.dialogBody}>
          <h2 id={id}>{title}</h2>
          {children}
        </div>
        {actions !== undefined && actions !== null && <footer class={css.dialogFoot}>{actions}</footer>}
      </form>
    </dialog>
  )
}
