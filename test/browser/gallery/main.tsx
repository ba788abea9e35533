// All parts in their states, dark and light side by side. Built by test/browser/build-gallery.ts, to be
// looked at; it is no part of the product.
import { type ComponentChildren, render } from 'preact'
import '../../../web/styles/tokens.css'
import '../../../web/styles/base.css'
import css from './gallery.module.css'
import { Buttons, Choices, Messages, Opens, States, Words } from './small.tsx'
import { Charts, Forms, Lists } from './large.tsx'

const PARTS: readonly (readonly [string, () => ComponentChildren])[] = [
  ['Status', States],
  ['Buttons', Buttons],
  ['Choices', Choices],
  ['Words', Words],
  ['Messages', Messages],
  ['Lists', Lists],
  ['Charts', Charts],
  ['Forms', Forms],
  ['What opens', Opens],
]

function Side({ theme }: { readonly theme: string }) {
  return (
    <main class={css.side}>
      {PARTS.map(([title, Part]) => (
        <section class={css.part} key={title}>
          <h2>
            {title}, {theme}
          </h2>
          <Part />
        </section>
      ))}
    </main>
  )
}

/** A theme is that of a whole page: each has a frame of its own. */
const Both = () => (
  <div class={css.both}>
    {['dark', 'light'].map((theme) => (
      <iframe key={theme} title={theme} src={`?theme=${theme}`} />
    ))}
  </div>
)

const theme = new URLSearchParams(location.search).get('theme')
if (theme !== null) document.documentElement.dataset['theme'] = theme
const place = document.getElementById('app')
if (place !== null) render(theme === null ? <Both /> : <Side theme={theme} />, place)
