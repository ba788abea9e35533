// Files that are imported as texts.
declare module '*.yaml' {
  const text: string
  export default text
}
