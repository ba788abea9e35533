// Where files are dropped, or chosen.
import { useState } from 'preact/hooks'
import { classes } from '../../parts/classes.ts'
import css from './certificates.module.css'

export interface DropZoneProps {
  /** Names of those that were read. */
  readonly files: readonly string[]
  readonly onFiles: (files: readonly File[]) => void
}

export function DropZone({ files, onFiles }: DropZoneProps) {
  const [isOver, setOver] = useState(false)
  const over = (event: DragEvent): void => {
    event.preventDefault()
    setOver(true)
  }
  return (
    <label
      class={classes(css.drop, isOver && css.over)}
      onDragEnter={over}
      onDragOver={over}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        onFiles([...(event.dataTransfer?.files ?? [])])
      }}
    >
      <span>
        Drop PEM files here, or <span class="link">choose files</span>
      </span>
      <input
        type="file"
        multiple
        class={css.file}
        aria-label="Files of the certificate, its chain and its key"
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])])
          // The same file may be chosen again once it was mended.
          currentTarget.value = ''
        }}
      />
      <span class="small quiet">
        {files.length === 0 ? 'certificate, chain and key, in any order' : files.join(' · ')}
      </span>
    </label>
  )
}
