# escape=`
# check=skip=JSONArgsRecommended
FROM tools
SHELL ["powershell", "-Command"]
RUN Get-Item `
    C:\windows
COPY files\x C:\app\
CMD run
