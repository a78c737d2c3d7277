/** Imported before each test file: makes leaked listeners an error, which Node only warns of. */
process.on('warning', warning => {
  if (warning.name === 'MaxListenersExceededWarning') throw warning
})
