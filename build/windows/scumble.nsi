; Installer for Windows, for the current user, without administrator rights. Untested on Windows.
;   makensis -DVERSION=0.1.0 -DPAYLOAD=dist\scumble -DOUTPUT=dist\scumble-0.1.0-setup.exe scumble.nsi
Unicode true
SetCompressor /SOLID lzma
!include "MUI2.nsh"
!include "FileFunc.nsh"

!ifndef VERSION
  !error "VERSION is missing"
!endif
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\Scumble"

Name "Scumble ${VERSION}"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\Scumble"
InstallDirRegKey HKCU "Software\Scumble" "InstallDir"
RequestExecutionLevel user

!ifdef ICON
  !define MUI_ICON "${ICON}"
  !define MUI_UNICON "${ICON}"
!endif
!define MUI_FINISHPAGE_RUN "$INSTDIR\scumble.exe"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString KEEP ${LANG_ENGLISH} "Also remove settings, imported models and recovery data of this user?"
LangString KEEP ${LANG_SIMPCHINESE} "是否同时删除该用户的设置、导入的模型和恢复数据？"

Section "Scumble"
  SetOutPath "$INSTDIR"
  RMDir /r "$INSTDIR\_internal"
  File /r "${PAYLOAD}\*.*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortCut "$SMPROGRAMS\Scumble.lnk" "$INSTDIR\scumble.exe"
  WriteRegStr HKCU "Software\Scumble" "InstallDir" "$INSTDIR"
  WriteRegStr HKCU "Software\Classes\.ora\OpenWithProgids" "Scumble.OpenRaster" ""
  WriteRegStr HKCU "Software\Classes\Scumble.OpenRaster" "" "OpenRaster picture"
  WriteRegStr HKCU "Software\Classes\Scumble.OpenRaster\DefaultIcon" "" "$INSTDIR\scumble.exe,0"
  WriteRegStr HKCU "Software\Classes\Scumble.OpenRaster\shell\open\command" "" '"$INSTDIR\scumble.exe" "%1"'
  WriteRegStr HKCU "Software\Classes\Applications\scumble.exe\shell\open\command" "" '"$INSTDIR\scumble.exe" "%1"'
  WriteRegStr HKCU "${KEY}" "DisplayName" "Scumble"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\scumble.exe"
  WriteRegStr HKCU "${KEY}" "Publisher" "The Scumble project"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${KEY}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD HKCU "${KEY}" "EstimatedSize" "$0"
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
SectionEnd

Section "Uninstall"
  ; a silent uninstall keeps what is the user's
  MessageBox MB_YESNO|MB_DEFBUTTON2 "$(KEEP)" /SD IDNO IDNO kept
    RMDir /r "$LOCALAPPDATA\scumble"
  kept:
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\scumble.exe"
  Delete "$INSTDIR\scumble-cli.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\Scumble.lnk"
  DeleteRegKey HKCU "Software\Classes\Scumble.OpenRaster"
  DeleteRegValue HKCU "Software\Classes\.ora\OpenWithProgids" "Scumble.OpenRaster"
  DeleteRegKey HKCU "Software\Classes\Applications\scumble.exe"
  DeleteRegKey HKCU "Software\Scumble"
  DeleteRegKey HKCU "${KEY}"
SectionEnd
