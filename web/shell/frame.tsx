// The frame around each page: the rail, the bar with the three states of the config, and what waits to be
// confirmed at the foot.
import type { ComponentChildren } from 'preact'
import { Announcer } from './announcer.tsx'
import { AppliedStrip } from './applied.tsx'
import { Bar } from './bar.tsx'
import { ClashDialog } from './clash-dialog.tsx'
import { ConfirmStrip } from './confirm-strip.tsx'
import css from './frame.module.css'
import { Keys } from './keys.tsx'
import { PaletteDoor } from './palette-door.tsx'
import { Rail, TabBar } from './rail.tsx'
import { Staleness } from './staleness.tsx'

export function Frame({ children }: { readonly children: ComponentChildren }) {
  return (
    <div class={css.app}>
      <a class={css.skip} href="#page">
        To the page
      </a>
      <Rail />
      <div class={css.main}>
        <Bar />
        <Staleness />
        <main id="page" class={css.page} tabIndex={-1}>
          {children}
        </main>
      </div>
      <Announcer />
      <AppliedStrip />
      <ConfirmStrip />
      <TabBar />
      <Keys />
      <PaletteDoor />
      <ClashDialog />
    </div>
  )
}
