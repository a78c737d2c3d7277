/** Each test process imports this first: it makes leaked listeners an error, of which Node only warns. */
process.on('warning', warning => {
  if (warning.name === 'MaxListenersExceededWarning') throw warning
})
