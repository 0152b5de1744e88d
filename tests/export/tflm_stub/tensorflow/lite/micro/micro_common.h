/* A header that TensorFlow Lite Micro has since 18 May 2023. */
#pragma once
