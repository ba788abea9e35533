// A page that nobody is signed in to: the form, and beside it, where there is room, what helps with it.
import type { ComponentChildren } from 'preact'
import { Gates } from './gates.tsx'
import { Mark } from './mark.tsx'
import css from './sign-in.module.css'

export interface SignInCardProps {
  readonly children: ComponentChildren
  /** Beside the form; below it on small screens. */
  readonly help?: ComponentChildren
}

export const SignInCard = ({ children, help }: SignInCardProps) => (
  <main class={css.page}>
    <div class={css.side}>
      <div class={css.card}>
        <div class={css.brand}>
          <Mark /> Sluice
          <span class={css.host}>{location.host}</span>
        </div>
        {children}
      </div>
    </div>
    <aside class={css.aside} aria-label="About this page">
      <Gates />
      <div class={css.help}>
        {help}
        <section>
          <h2>The gateway serves meanwhile</h2>
          <p>
            Traffic never waits for this page. Nothing here is needed to run it, or to change its file; with
            it you see what happens, and change it without fear.
          </p>
        </section>
      </div>
    </aside>
  </main>
)
