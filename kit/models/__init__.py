"""Response (pCTR, pCVR), calibration and win-rate models, saved as plain files."""
