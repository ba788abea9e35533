// The card in the middle of a page that nobody is signed in to.
import type { ComponentChildren } from 'preact'
import { Mark } from './mark.tsx'
import css from './sign-in.module.css'

export const SignInCard = ({ children }: { readonly children: ComponentChildren }) => (
  <main class={css.page}>
    <div class={css.card}>
      <div class={css.brand}>
        <Mark /> Sluice
        <span class={css.host}>{location.host}</span>
      </div>
      {children}
    </div>
  </main>
)
