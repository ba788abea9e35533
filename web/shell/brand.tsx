// What this is, and which of several: as the gateway is reached, since that is what tells two tabs apart.
import { to } from '../data/urls.ts'
import css from './brand.module.css'
import { Mark } from './mark.tsx'

export const Brand = ({ class: className }: { readonly class: string | undefined }) => (
  <a class={className} href={to('/')} title={location.host}>
    <Mark />
    <span class={css.name}>Sluice</span> <span class={css.host}>{location.host}</span>
    <span class="sr">: overview</span>
  </a>
)
